import { expect, test } from "vitest";
import type { EvidenceKind } from "../../src/domain/evidence.ts";
import { type ProblemCode, UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Signature } from "../../src/domain/signature.ts";
import type { StoredEvidence } from "../../src/ports/evidence-store.ts";
import { verify } from "../../src/stages/verify.ts";
import { withSignatures } from "../fakes/proof.ts";
import { data, policy } from "../fakes/verdict.ts";
import { type Production, production } from "./production.ts";

const { signal } = new AbortController();
const expectations = { policyDigest: policy, dataDigest: data, maxAgeMs: 24 * 3_600_000, signed: true };
const verified: Signature = {
  status: "verified",
  by: {
    kind: "keyless",
    issuer: "https://token.actions.githubusercontent.com",
    workflow: "acme/digits/.github/workflows/release.yml",
    workflowRef: "refs/heads/main",
    repository: "acme/digits",
    ref: "refs/heads/main",
    commit: "c0ffee",
    run: null,
  },
  at: "2026-11-23T11:00:01.000Z",
};
const refused = (code: ProblemCode, message: string): Signature => ({
  status: "refused",
  problem: { code, message, hint: "Find out who signed it." },
});

/** Every way in which a signature does not hold. */
const attacks: [string, Signature, ProblemCode][] = [
  [
    "of a fork",
    refused("evidence.signer-repository", "it was signed for mallory/digits"),
    "evidence.signer-repository",
  ],
  ["of another workflow", refused("evidence.signer-workflow", "it was signed by test.yml"), "evidence.signer-workflow"],
  ["for another ref", refused("evidence.signer-ref", "it was signed for refs/heads/test"), "evidence.signer-ref"],
  ["for another digest", refused("evidence.subject", "its statement is about another image"), "evidence.subject"],
  ["of another key", refused("evidence.signer-key", "its key is not trusted"), "evidence.signer-key"],
  [
    "with an expired certificate",
    refused("evidence.certificate", "its certificate had expired"),
    "evidence.certificate",
  ],
  ["that was edited", refused("evidence.altered", "its signature does not fit its bytes"), "evidence.altered"],
  ["without a signature", { status: "unsigned" }, "evidence.unsigned"],
];

/** A signed production: each statement is signed as it is told, else well. */
const signedAs = (env: Production, signatureOf: (stored: StoredEvidence) => Signature | null = () => null) => ({
  evidence: withSignatures(env.evidence, (stored) => signatureOf(stored) ?? verified),
  expectations,
});
const ofKind = (kind: EvidenceKind, signature: Signature) => (stored: StoredEvidence) =>
  stored.kind === kind ? signature : null;

async function codesOf(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems.map(({ code }) => code);
  throw new Error("expected a problem", { cause: error });
}

async function untouched(env: Production): Promise<void> {
  expect(env.platform.running).toBeNull();
  expect(env.platform.deployed).toEqual([]);
  expect(await env.entries()).toEqual([]);
}

test("a release whose evidence is all signed by somebody trusted is promoted", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.promote(release, signedAs(env));
  expect(env.platform.running?.image).toEqual(release.image);
});

test.each(attacks)("a verdict %s is refused with its own code, and nothing is touched", async (_what, bad, code) => {
  const env = production();
  const release = await env.proved("a");
  expect(await codesOf(env.promote(release, signedAs(env, ofKind("verdict", bad))))).toEqual([code]);
  await untouched(env);
});

test.each(attacks)(
  "an evaluation %s is refused with its own code, and nothing is touched",
  async (_what, bad, code) => {
    const env = production();
    const release = await env.proved("a");
    expect(await codesOf(env.promote(release, signedAs(env, ofKind("evaluation", bad))))).toEqual([code]);
    await untouched(env);
  },
);

test.each(["smoke", "validation", "provenance"] as const)(
  "%s evidence of a stranger is refused, and nothing is touched",
  async (kind) => {
    for (const [, bad, code] of attacks) {
      const env = production();
      const release = await env.proved("a");
      expect(await codesOf(env.promote(release, signedAs(env, ofKind(kind, bad))))).toEqual([code]);
      await untouched(env);
    }
  },
);

test("a signed verdict that is about another digest is refused, and nothing is touched", async () => {
  const env = production();
  const [a, b] = [await env.packaged("a"), await env.packaged("b")];
  const seen = { image: b.image, modelDigest: b.model.digest };
  await env.judge(a, { subject: { ...seen, before: seen, after: seen } });
  const found = await codesOf(env.promote(a, signedAs(env)));
  expect(new Set(found)).toEqual(new Set(["promote.verdict-foreign"]));
  await untouched(env);
});

test("a signed verdict that is too old is refused, and nothing is touched", async () => {
  const env = production();
  const release = await env.proved("a");
  env.clock.advance(24 * 3_600_000);
  expect(await codesOf(env.promote(release, signedAs(env)))).toEqual(["promote.verdict-stale"]);
  await untouched(env);
});

/** A release with a trusted verdict at 11:00 and one of a stranger half an hour later. */
async function contested(env: Production, trusted: "pass" | "fail", strange: "pass" | "fail") {
  const release = await env.packaged("a");
  await env.judge(release, {}, trusted);
  const stranger = await env.judge(release, { at: "2026-11-23T11:30:00.000Z" }, strange);
  const signed = signedAs(env, ({ digest }) => (digest === stranger ? attacks[0]![1] : null));
  return { release, signed };
}

test("a stranger's newer fail does not stop a trusted pass", async () => {
  const env = production();
  const { release, signed } = await contested(env, "pass", "fail");
  await env.promote(release, signed);
  expect(env.platform.running?.image).toEqual(release.image);
});

test("a stranger's newer pass does not hide a trusted fail", async () => {
  const env = production();
  const { release, signed } = await contested(env, "fail", "pass");
  expect(await codesOf(env.promote(release, signed))).toEqual(["promote.verdict-failed"]);
  await untouched(env);
});

test("verifying changes nothing and finds what promoting refuses", async () => {
  const env = production();
  const release = await env.proved("a");
  const found = (target: Release, signed: ReturnType<typeof signedAs>) =>
    verify({ release: target, ...signed, clock: env.clock, signal });
  expect((await found(release, signedAs(env))).problems).toEqual([]);
  const bad = await found(release, signedAs(env, ofKind("verdict", attacks[0]![1])));
  expect(bad.problems.map(({ code }) => code)).toEqual(["evidence.signer-repository"]);
  expect(bad.checks.filter(({ ok }) => ok)).toEqual([]);
  await untouched(env);
});

test("evidence that cannot be read is a finding, and a registry that cannot be asked is not", async () => {
  const env = production();
  const release = await env.proved("a");
  const broken = (error: Error) => ({
    evidence: {
      ...env.evidence,
      async list(): Promise<never> {
        throw error;
      },
    },
    expectations,
    release,
    clock: env.clock,
    signal,
  });
  const unreadable = new UserError([{ code: "release.unreadable", message: "it is not JSON", hint: "Look at it." }]);
  const found = await verify(broken(unreadable));
  expect(found.problems).toEqual(unreadable.problems);
  await expect(verify(broken(new Error("no route to host")))).rejects.toThrow("no route to host");
});

test("a run that is stopped while it reads evidence is stopped, not refused", async () => {
  const env = production();
  const release = await env.proved("a");
  const stop = new AbortController();
  const cancelled = new UserError([{ code: "cancelled", message: "stopped", hint: "Run it again." }]);
  const list = async (): Promise<never> => {
    stop.abort(cancelled);
    throw cancelled;
  };
  const evidence = { ...env.evidence, list };
  const work = verify({ release, evidence, expectations, clock: env.clock, signal: stop.signal });
  await expect(work).rejects.toBe(cancelled);
});

/** Two releases that were promoted while their evidence was trusted. */
async function promoted(env: Production): Promise<[Release, Release, Release]> {
  const releases: [Release, Release, Release] = [await env.proved("a"), await env.proved("b"), await env.proved("c")];
  for (const release of releases) await env.promote(release, signedAs(env));
  return releases;
}

test("a rollback passes over a release whose verdict is not trusted any more, and says why", async () => {
  for (const [, bad] of attacks) {
    const env = production();
    const [a, b] = await promoted(env);
    const [verdict] = await env.evidence.list(b.image, "verdict", signal);
    const { evidence } = signedAs(env, ({ digest }) => (digest === verdict!.digest ? bad : null));
    await env.rollback(null, { evidence, signed: true });
    expect(env.platform.running?.image).toEqual(a.image);
    const why = bad.status === "refused" ? bad.problem.message : "it is not signed";
    expect(env.notes).toEqual([expect.stringContaining(`${verdict!.digest} does not count: ${why}`)]);
  }
});

test("without an earlier release that is trusted a rollback does nothing, and each doubt has its code", async () => {
  const env = production();
  const [, , c] = await promoted(env);
  const before = await env.history();
  const { evidence } = signedAs(env, () => attacks[1]![1]);
  expect(await codesOf(env.rollback(null, { evidence, signed: true }))).toEqual([
    "rollback.nothing",
    "evidence.signer-workflow",
    "evidence.signer-workflow",
  ]);
  expect(env.platform.running?.image).toEqual(c.image);
  expect(await env.history()).toEqual(before);
});

test("the trusted copy of a verdict lets a release be gone back to, whoever signed the other one", async () => {
  const env = production();
  const [, b] = await promoted(env);
  const { evidence } = signedAs(env);
  const list: typeof evidence.list = async (...about) =>
    (await evidence.list(...about)).flatMap((stored) => [{ ...stored, signature: attacks[0]![1] }, stored]);
  await env.rollback(null, { evidence: { ...evidence, list }, signed: true });
  expect(env.platform.running?.image).toEqual(b.image);
});
