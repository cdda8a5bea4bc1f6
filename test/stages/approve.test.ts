import { expect, test } from "vitest";
import { approvalIssue } from "../../src/domain/approval/receipt.ts";
import { type ApprovalRule, approveLine, readRequest } from "../../src/domain/approval.ts";
import type { Digest } from "../../src/domain/digest.ts";
import type { LedgerEntry } from "../../src/domain/ledger.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import { type Approval, type ApprovalOptions, approval } from "../../src/stages/approve.ts";
import { isWithheld } from "../../src/stages/promote.ts";
import { fakeApprovals } from "../fakes/approvals.ts";
import { deathAt, Killed } from "../fakes/death.ts";
import { production } from "./production.ts";

const rule: ApprovalRule = {
  by: ["grace", "heidi", "ada", "linus"],
  required: "always",
  expiresMilliseconds: 24 * 3_600_000,
};

/** Production, and a place to ask in. */
function asking() {
  const env = production();
  const approvals = fakeApprovals(env.clock);
  approvals.commits.set("c0ffee", ["linus", "web-bot[bot]"]);
  const approve =
    (release: Release, fields: Partial<ApprovalOptions> & { policyLoosened?: boolean } = {}) =>
    (evidence: Digest, entries: readonly LedgerEntry[], signal: AbortSignal): Promise<Approval> => {
      const { policyLoosened = false, ...given } = fields;
      return approval({
        subject: { environment: "production", image: release.image, evidence, policyLoosened },
        model: release.model.name,
        reason: "because",
        rule,
        approvals,
        actor: "ada",
        origin: { actor: "ada", commit: "c0ffee" },
        issue: null,
        entries,
        clock: env.clock,
        signal,
        ...given,
      });
    };
  return {
    ...env,
    approvals,
    ask: (release: Release, fields: Parameters<typeof approve>[1] = {}, death: Parameters<typeof env.ask>[2] = null) =>
      env.ask(release, approve(release, fields), death),
    /** The line the newest issue asks for. */
    line: () => approveLine(readRequest(approvals.issues.at(-1)!.body)!),
    /** Somebody writes the line below the newest issue. */
    agree(login: string): number {
      env.clock.advance(1000);
      return approvals.say(approvals.issues.at(-1)!.number, login, this.line()).id;
    },
  };
}

const codesOf = async (work: Promise<unknown>): Promise<string[]> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems.map(({ code }) => code);
  throw new Error("expected problems", { cause: error });
};

test("nothing is asked where nobody has to agree", async () => {
  const env = asking();
  const release = await env.proved("a");
  expect(isWithheld(await env.ask(release, { rule: { ...rule, required: "loosened" } }))).toBe(false);
  expect(env.approvals.issues).toEqual([]);
  expect((await env.entries()).map(({ approval: id }) => id)).toEqual([null, null]);
});

test("without an approval it waits: an issue, the line to write, and nothing touched", async () => {
  const env = asking();
  const release = await env.proved("a");
  const held = await env.ask(release);
  const [issue] = env.approvals.issues;
  expect(held).toEqual({
    state: "waiting",
    number: issue!.number,
    url: expect.stringContaining(`/issues/${issue!.number}`),
    line: env.line(),
    missing: 1,
    refused: [],
  });
  expect(readRequest(issue!.body)?.image).toEqual(release.image);
  expect(env.platform.running).toBeNull();
  expect(await env.entries()).toEqual([]);
});

test("a release that is not proved is refused before anybody is asked", async () => {
  const env = asking();
  expect(await codesOf(env.ask(await env.packaged("a")))).toEqual(["promote.no-verdict"]);
  expect(env.approvals.issues).toEqual([]);
});

test("asked again it is the same issue, and who asked first stays who asked", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  await env.ask(release, { actor: "grace" });
  expect(env.approvals.issues).toHaveLength(1);
  env.agree("ada");
  expect(await env.ask(release, { actor: "grace" })).toMatchObject({
    state: "waiting",
    refused: [{ login: "ada", why: "ada asked for the promotion" }],
  });
});

test("an approval lets it go on, and the ledger names the issue and the comment", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  const comment = env.agree("grace");
  const issue = env.approvals.issues[0]!.number;
  const changed = await env.ask(release, { issue });
  expect(changed).toMatchObject({ approval: `#${issue} grace:${comment}`, running: { image: release.image } });
  expect((await env.entries()).map(({ phase, approval: id }) => [phase, approvalIssue(id!)])).toEqual([
    ["intended", issue],
    ["done", issue],
  ]);
});

test("run again on the same comment, it runs already and nothing happens", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  env.agree("grace");
  const issue = env.approvals.issues[0]!.number;
  const first = await env.ask(release, { issue });
  const again = await env.ask(release, { issue });
  expect(again).toMatchObject({ deployment: null, approval: (first as { approval: string }).approval });
  expect(env.platform.deployed).toHaveLength(1);
});

test("after a rollback the approval is spent: it takes a new one", async () => {
  const env = asking();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  await env.ask(b);
  const comment = env.agree("grace");
  await env.ask(b);
  await env.rollback();
  expect(await env.ask(b)).toMatchObject({
    state: "waiting",
    refused: [{ commentId: comment, why: "it carried a promotion already" }],
  });
  expect(env.platform.running?.image).toEqual(a.image);
  env.agree("heidi");
  expect(isWithheld(await env.ask(b))).toBe(false);
});

test("two runs on one comment at once deploy once", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  env.agree("grace");
  const ended = await Promise.allSettled([env.ask(release), env.ask(release)]);
  expect(ended.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(1);
  await env.ask(release);
  expect(env.platform.deployed).toHaveLength(1);
  expect(await env.history()).toEqual(["promote intended", "promote done"]);
});

test("killed at any step and run again, one approval is enough and carries one promotion", async () => {
  for (const when of ["before", "after"] as const)
    for (let at = 1; ; at++) {
      const env = asking();
      const release = await env.proved("a");
      await env.ask(release);
      env.agree("grace");
      const death = deathAt(at, when);
      await env.ask(release, {}, death).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      env.clock.advance(31 * 60_000);
      const result = await env.ask(release);
      expect(isWithheld(result), `killed ${when} step ${at}`).toBe(false);
      expect(env.platform.running?.image).toEqual(release.image);
      expect((await env.history()).filter((line) => line === "promote done")).toHaveLength(1);
      if (!death.dead) break;
    }
});

test("who asked, the commit's author and who is not on the list cannot approve", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  for (const login of ["ada", "linus", "mallory"]) env.agree(login);
  expect(await env.ask(release)).toMatchObject({
    state: "waiting",
    refused: [
      { why: "ada asked for the promotion" },
      { why: "linus wrote the commit" },
      { why: "mallory is not on the list" },
    ],
  });
  expect(env.platform.running).toBeNull();
});

test("where nobody knows the commit's author, who made the evidence stands in", async () => {
  for (const commit of [null, "beef"]) {
    const env = asking();
    const release = await env.proved("a");
    const origin = { actor: "heidi", commit };
    await env.ask(release, { origin });
    env.agree("heidi");
    expect(await env.ask(release, { origin })).toMatchObject({ refused: [{ why: "heidi wrote the commit" }] });
  }
});

test("when a bot asks, who made the evidence cannot approve", async () => {
  const env = asking();
  const release = await env.proved("a");
  const fields = { actor: "github-actions[bot]", origin: { actor: "heidi", commit: "c0ffee" } };
  await env.ask(release, fields);
  env.agree("heidi");
  expect(await env.ask(release, fields)).toMatchObject({ state: "waiting" });
  env.agree("grace");
  expect(isWithheld(await env.ask(release, fields))).toBe(false);
});

test("a loosened policy takes two, and says so", async () => {
  const env = asking();
  const release = await env.proved("a");
  const loosened = { policyLoosened: true };
  expect(await env.ask(release, loosened)).toMatchObject({ missing: 2 });
  env.agree("grace");
  expect(await env.ask(release, loosened)).toMatchObject({ state: "waiting", missing: 1 });
  env.agree("heidi");
  expect(isWithheld(await env.ask(release, loosened))).toBe(false);
});

test("an approval of a policy that was not loosened does not count for one that is", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  const comment = env.agree("grace");
  const first = env.approvals.issues[0]!;
  const held = await env.ask(release, { policyLoosened: true });
  expect(held).toMatchObject({ state: "waiting", missing: 2 });
  expect(env.approvals.issues).toHaveLength(2);
  expect(first.comments.map(({ id }) => id)).toContain(comment);
});

test("an approval expires", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release, { rule: { ...rule, expiresMilliseconds: 60_000 } });
  env.agree("grace");
  env.clock.advance(60_000);
  expect(await env.ask(release, { rule: { ...rule, expiresMilliseconds: 60_000 } })).toMatchObject({
    state: "waiting",
    refused: [{ why: "it has expired" }],
  });
});

test("a new verdict is another request: the approval of the old one does not count", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  env.agree("grace");
  const issue = env.approvals.issues[0]!.number;
  await env.judge(release, { at: "2026-11-23T11:59:00.000Z" });
  expect(await codesOf(env.ask(release, { issue }))).toEqual(["promote.approval"]);
  expect(await env.ask(release)).toMatchObject({ state: "waiting", missing: 1 });
  expect(env.platform.running).toBeNull();
});

test("a rejection ends it", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  env.agree("grace");
  const issue = env.approvals.issues[0]!.number;
  env.approvals.say(issue, "heidi", "Too slow.\n\n/reject");
  expect(await env.ask(release)).toMatchObject({ state: "rejected", number: issue, by: { login: "heidi" } });
  expect(env.platform.running).toBeNull();
  expect(await env.entries()).toEqual([]);
});

test("a comment never opens a request: an issue that is another's, closed or gone is refused", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  env.agree("grace");
  const [issue] = env.approvals.issues;
  expect(await codesOf(env.ask(release, { issue: 999 }))).toEqual(["promote.approval"]);
  await env.approvals.close(issue!.number, "over", new AbortController().signal);
  expect(await codesOf(env.ask(release, { issue: issue!.number }))).toEqual(["promote.approval"]);
  issue!.open = true;
  issue!.author = "mallory";
  expect(await codesOf(env.ask(release, { issue: issue!.number }))).toEqual(["promote.approval"]);
  expect(env.approvals.issues).toHaveLength(1);
  expect(env.platform.running).toBeNull();
});

test("when the comment that says who asked was edited or removed, nothing goes on", async () => {
  const env = asking();
  const release = await env.proved("a");
  await env.ask(release);
  const [issue] = env.approvals.issues;
  env.agree("ada");
  const record = issue!.comments[0]!;
  issue!.comments[0] = {
    ...record,
    body: record.body.replace(":ada", ":mallory"),
    updatedAt: "2026-11-23T12:30:00.000Z",
  };
  expect(await codesOf(env.ask(release, { issue: issue!.number }))).toEqual(["promote.approval"]);
  issue!.comments.splice(0, 1);
  expect(await codesOf(env.ask(release, { issue: issue!.number }))).toEqual(["promote.approval"]);
  expect(env.platform.running).toBeNull();
});

test("with nobody on a list, or no place to ask, it is a problem and never a pass", async () => {
  const env = asking();
  const release = await env.proved("a");
  expect(await codesOf(env.ask(release, { approvals: null }))).toEqual(["promote.approval"]);
  expect(await codesOf(env.ask(release, { rule: null, policyLoosened: true }))).toEqual(["promote.approval"]);
  expect(env.platform.running).toBeNull();
  expect(await env.entries()).toEqual([]);
});
