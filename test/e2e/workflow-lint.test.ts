import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");

/** A linter as .ci/run installs it. @throws Error when it is missing: an engine test never skips. */
function linter(path: string, how: string): string {
  if (existsSync(join(root, path))) return join(root, path);
  throw new Error(`${path} is missing: ${how}`);
}
const zizmor = linter(".cache/venv/bin/zizmor", ".cache/venv/bin/pip install zizmor==1.32.0");
const actionlint = linter(
  ".cache/go/actionlint",
  "GOBIN=$PWD/.cache/go go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
);

/** Syntax that is newer than actionlint 1.7.12: `$/` (2026-07-30) and concurrency.queue (2026-05-07). */
const newer = ['specifying action "\\$/', 'unexpected key "queue"'];

const run = (command: string, ...words: string[]): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", cwd: root });
  return { status, said: `${stdout}${stderr}` };
};
const audit = (...paths: string[]) =>
  run(zizmor, "--offline", "--no-progress", "--color", "never", "--persona", "auditor", ...paths);
const lint = (...paths: string[]) =>
  run(actionlint, "-no-color", ...newer.flatMap((text) => ["-ignore", text]), ...paths);

const short = ["anonymous-definition", "concurrency-limits", "undocumented-permissions"];
const own = readdirSync(join(root, ".github/workflows")).map((name) => join(root, ".github/workflows", name));
const kit = own.filter((path) => !path.endsWith("ci.yml"));

let readme: string;
beforeAll(() => {
  readme = mkdtempSync(join(tmpdir(), "modelgate-readme-"));
  for (const [, path, block] of readFileSync(join(root, "README.md"), "utf8").matchAll(
    /^```yaml\n# (\.github\/workflows\/\S+)\n([\s\S]*?)^```/gm,
  )) {
    mkdirSync(join(readme, dirname(path!)), { recursive: true });
    writeFileSync(join(readme, path!), block!);
  }
});
afterAll(() => rmSync(readme, { recursive: true, force: true }));

const examples = ["model", "promote", "rollback"].map((name) => join(root, `examples/workflows/${name}.yml`));
const steps = join(root, "examples/digits/.github/workflows/model.yml");

test("zizmor's auditor has nothing to say of the kit, the Action, our own workflow and the callers to copy", () => {
  const { status, said } = audit(".github", "action.yml", ...examples);
  expect(status, said).toBe(0);
});

test("nor of the README's workflows, but that they are short: no names, no comment at each permission", () => {
  const { said } = audit(join(readme, ".github"), steps);
  const found = [...said.matchAll(/^(?:error|warning|info|help)\[([\w-]+)\]/gm)].map(([, name]) => name);
  expect(found.length).toBeGreaterThan(0);
  expect(
    found.filter((name) => !short.includes(name!)),
    said,
  ).toEqual([]);
});

test("actionlint has nothing to say of any workflow", () => {
  const copied = readdirSync(join(readme, ".github/workflows")).map((name) => join(readme, ".github/workflows", name));
  const { status, said } = lint(...own, ...copied, ...examples, steps);
  expect(status, said).toBe(0);
});

test("both linters see a workflow that is wrong", () => {
  const wrong = join(readme, "wrong.yml");
  writeFileSync(
    wrong,
    "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.event.issue.title }} ${{ nothing }}\n",
  );
  expect(audit(wrong).said).toMatch(/template-injection/);
  expect(lint(wrong).said).toMatch(/potentially untrusted/);
});

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  environment?: unknown;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  steps: Step[];
}

describe.each(kit.map((path) => [path.slice(root.length + 1), path]))("%s", (_name, path) => {
  const text = readFileSync(path, "utf8");
  const workflow = parse(text) as { on: object; permissions: object; jobs: Record<string, Job> };
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test("is only called, and grants nothing by itself", () => {
    expect(Object.keys(workflow.on)).toEqual(["workflow_call"]);
    expect(workflow.permissions).toEqual({});
  });
  test("gives each job its permissions, each with its reason, and a time limit", () => {
    expect(jobs.filter((job) => !job.permissions || !(Number(job["timeout-minutes"]) > 0))).toEqual([]);
    const granted = text.split("\n").filter((line) => /^ {6}[a-z-]+: (read|write)\b/.test(line));
    expect(granted.length).toBe(jobs.flatMap((job) => Object.keys(job.permissions!)).length);
    expect(granted.filter((line) => !/ # \w/.test(line))).toEqual([]);
  });
  test("runs no shell: nothing from an input can become a command", () => {
    expect(steps.filter(({ run }) => run !== undefined)).toEqual([]);
  });
  test("uses others by commit and its own by its own commit", () => {
    const used = steps.map(({ uses }) => uses!);
    expect(used.filter((name) => !/^\$\/|^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(name))).toEqual([]);
  });
  test("checks out without leaving the token behind", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
  });
  test("changes an environment one run at a time, and never stops one halfway", () => {
    const changing = jobs.filter((job) => job.environment !== undefined);
    expect(changing.filter((job) => job.concurrency?.["cancel-in-progress"] !== false)).toEqual([]);
  });
});
