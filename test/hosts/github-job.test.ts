import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { jobOf, triggerOf } from "../../src/hosts/github-job.ts";

const [base, head, merge] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const env = (name: string) => ({ GITHUB_EVENT_NAME: name, GITHUB_SHA: merge, GITHUB_RUN_ID: "42" });

test.each<[string, unknown, unknown]>([
  ["push", { before: base, after: head }, { kind: "moved", base, head }],
  ["push", { before: "0".repeat(40), after: head }, { kind: "moved", base: null, head }],
  ["merge_group", { merge_group: { base_sha: base, head_sha: head } }, { kind: "moved", base, head }],
  ["pull_request", { pull_request: { base: { sha: base }, head: { sha: head } } }, { kind: "proposed", base, head }],
  ["schedule", { schedule: "0 3 * * *" }, { kind: "asked", base: null, head: null }],
  ["workflow_dispatch", { inputs: {} }, { kind: "asked", base: null, head: null }],
  ["repository_dispatch", { client_payload: {} }, { kind: "asked", base: null, head: null }],
  ["pull_request_target", { pull_request: { base: { sha: base } } }, { kind: "asked", base: null, head: null }],
])("%s says what moved: %j", (event, payload, expected) => {
  expect(triggerOf(env(event), payload)).toEqual({ event, ...(expected as object) });
});

test.each<[string, unknown]>([
  ["nothing", null],
  ["no commits", {}],
  ["something else for a commit", { before: "--output=x", after: 7 }],
])(
  "a push whose event has %s names no base, so that everything counts, and the commit of the job",
  (_what, payload) => {
    expect(triggerOf(env("push"), payload)).toEqual({ event: "push", kind: "moved", base: null, head: merge });
  },
);

test("a runner that says nothing at all is asked for everything", () => {
  expect(triggerOf({}, null)).toEqual({ event: "event", kind: "asked", base: null, head: null });
});

test("a job is of a run and an attempt, and its event is read from the runner's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-event-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "event.json");
  writeFileSync(path, JSON.stringify({ before: base, after: head }));
  const job = jobOf({ ...env("push"), GITHUB_EVENT_PATH: path, GITHUB_RUN_ATTEMPT: "3" });
  expect(job).toEqual({ run: "42", attempt: 3, trigger: { event: "push", kind: "moved", base, head } });
  expect(jobOf({ ...env("push"), GITHUB_EVENT_PATH: join(folder, "gone") })?.trigger.base).toBeNull();
});

test("outside a run there is no job, and an attempt that is none is the first", () => {
  expect(jobOf({})).toBeNull();
  expect(jobOf({ GITHUB_RUN_ID: "../x" })).toBeNull();
  for (const attempt of ["", "x", "0", "-1", "1.5"])
    expect(jobOf({ ...env("push"), GITHUB_RUN_ATTEMPT: attempt })?.attempt).toBe(1);
});
