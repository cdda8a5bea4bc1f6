import { expect, test } from "vitest";
import type { Json } from "../../src/domain/canonical.ts";
import { type Digest, sha256 } from "../../src/domain/digest.ts";
import { type Evaluation, evaluationToJson } from "../../src/domain/evaluation.ts";
import type { EvidenceKind } from "../../src/domain/evidence.ts";
import { anyOfCheck, checkOf } from "../../src/domain/gate/decide.ts";
import { type Policy, policyDigest } from "../../src/domain/policy.ts";
import type { Signature } from "../../src/domain/signature.ts";
import { readVerdict } from "../../src/domain/verdict.ts";
import type { StoredEvidence } from "../../src/ports/evidence-store.ts";
import { gate } from "../../src/stages/gate.ts";
import { rightOrNot, wrongFirst } from "../domain/gate/observed.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeEvidenceStore } from "../fakes/evidence-store.ts";
import { withSignatures } from "../fakes/proof.ts";
import { releaseOf } from "../fakes/release.ts";

const { signal } = new AbortController();
const source = { actor: "ada", commit: null, run: null };
const release = releaseOf("a");
const seen = { image: release.image, modelDigest: release.model.digest };
const policy: Policy = {
  checks: [checkOf("accuracy >= 0.8")],
  firstPromotion: "allow",
  failedRows: { policy: "error", maxShare: null },
};
const smoke = { passed: true, steps: [{ id: "S1", level: "required", ok: true, detail: "reached" }] };

const evaluation = (wrong: number, fields: Partial<Evaluation> = {}): Evaluation => ({
  schema: 2,
  subject: { before: seen, after: seen },
  champion: { image: null, source: "none" },
  data: { digest: sha256("data"), rows: 100 },
  predictions: sha256("predictions"),
  leftOut: 0,
  flips: { count: 0, rows: [] },
  observations: rightOrNot(wrongFirst(100, wrong), null),
  ...fields,
});

/** Evidence of a release that is well, unless a part of it is replaced; null leaves it out. */
async function judged(
  parts: Partial<Record<EvidenceKind, Json | null>> = {},
  options: {
    modelDigest?: Digest;
    signatureOf?: (stored: StoredEvidence) => Signature;
    checks?: string | Policy["checks"];
    baseline?: Parameters<typeof gate>[0]["baseline"];
  } = {},
) {
  const { modelDigest = release.model.digest } = options;
  const evidence = fakeEvidenceStore();
  const clock = fakeClock();
  const bodies = { validation: {}, smoke, evaluation: evaluationToJson(evaluation(10)), ...parts } as const;
  for (const [kind, body] of Object.entries(bodies) as [EvidenceKind, Json | null][]) {
    const fields = { image: release.image, modelDigest, at: "2026-11-23T11:00:00.000Z", by: source };
    if (body !== null) await evidence.attach({ kind, body, ...fields }, signal);
  }
  const notes: string[] = [];
  const signed = options.signatureOf !== undefined;
  const read = withSignatures(evidence, options.signatureOf ?? (({ signature }) => signature));
  const note = (text: string): void => void notes.push(text);
  const { checks = policy.checks } = options;
  const asked = { ...policy, checks: typeof checks === "string" ? [checkOf(checks)] : checks };
  const { baseline = null } = options;
  const work = gate({ release, policy: asked, baseline, evidence: read, signed, clock, source, note, signal });
  return { work, evidence, notes };
}

test("an evaluation that keeps the policy is a pass, attached to the image", async () => {
  const { work, evidence } = await judged();
  const { verdict, digest } = await work;
  expect(verdict).toMatchObject({
    verdict: "pass",
    reasons: [],
    subject: { image: release.image, modelDigest: release.model.digest },
    policy: policyDigest(policy),
    data: { digest: sha256("data"), rows: 100 },
    checks: [{ text: "accuracy >= 0.8", status: "pass", value: 0.9 }],
    at: "2026-11-23T12:00:00.000Z",
  });
  const [stored] = await evidence.list(release.image, "verdict", signal);
  expect(stored).toMatchObject({ digest, at: verdict.at, modelDigest: release.model.digest });
  expect(readVerdict(stored!.body)).toEqual(verdict);
  const [statement] = await evidence.list(release.image, "evaluation", signal);
  expect(verdict.evaluation).toBe(statement!.digest);
});

test("alternatives, groups and tests against the champion are read back from the verdict", async () => {
  const observations = {
    ...rightOrNot(wrongFirst(100, 6), wrongFirst(100, 14)),
    groups: Array.from({ length: 100 }, (_, row) => `user ${Math.floor(row / 2)}`),
  };
  const members = ["accuracy >= champion @95%", "f1 >= 0.95 @95%"].map((text) => checkOf(text));
  const checks = [...policy.checks, anyOfCheck(members)];
  const { work, evidence } = await judged(
    { evaluation: evaluationToJson(evaluation(6, { observations })) },
    { checks },
  );
  const { verdict } = await work;
  expect(verdict.checks[1]).toMatchObject({
    status: "pass",
    members: [
      { status: "pass", confidence: 0.975, n: 50, rows: 100, tests: [{ name: "sign-flip of groups" }] },
      { status: "inconclusive", method: "bootstrap-bca-clusters" },
    ],
  });
  expect(verdict.verdict).toBe("pass");
  const [stored] = await evidence.list(release.image, "verdict", signal);
  expect(readVerdict(stored!.body)).toEqual(verdict);
});

test("one that does not is a fail, whatever else is missing", async () => {
  const { work } = await judged({ evaluation: evaluationToJson(evaluation(30)), smoke: null });
  expect((await work).verdict).toMatchObject({ verdict: "fail", reasons: ["the release has no smoke evidence"] });
});

test.each<[string, Partial<Record<EvidenceKind, Json | null>>, RegExp]>([
  ["no smoke test", { smoke: null }, /no smoke evidence/],
  ["no validation", { validation: null }, /no validation evidence/],
  ["a smoke test that failed", { smoke: { ...smoke, passed: false } }, /smoke test of the release did not pass/],
  ["a smoke test without steps", { smoke: { passed: true, steps: [] } }, /did not pass/],
  [
    "a smoke test that says passed over a failed step",
    { smoke: { passed: true, steps: [{ ...smoke.steps[0]!, ok: false }] } },
    /did not pass/,
  ],
  ["a smoke test that is nothing", { smoke: "passed" }, /did not pass/],
])("%s makes the verdict an error with its reason", async (_what, parts, reason) => {
  const { verdict } = await (await judged(parts)).work;
  expect(verdict.verdict).toBe("error");
  expect(verdict.reasons).toEqual([expect.stringMatching(reason)]);
});

test("a policy that lets known-bad results pass makes it an error that names the hole", async () => {
  const { verdict } = await (await judged({}, { checks: "accuracy >= 0.01" })).work;
  expect(verdict).toMatchObject({ verdict: "error", reasons: [expect.stringMatching(/no required gate stops it/)] });
});

test("the protected branch's policy judges the same results, and says how this one differs", async () => {
  const stricter = { ...policy, checks: [checkOf("accuracy >= 0.95")] };
  const comparison = { relation: "looser", findings: [{ direction: "looser", sentence: "it was 0.95" }] } as const;
  const { work } = await judged({}, { baseline: { branch: "main", policy: stricter, comparison } });
  const { verdict } = await work;
  expect(verdict).toMatchObject({
    verdict: "pass",
    baseline: {
      branch: "main",
      policy: policyDigest(stricter),
      relation: "looser",
      verdict: "fail",
      findings: ["looser: it was 0.95"],
    },
  });
  expect(readVerdict(verdict as unknown as Json)).toEqual(verdict);
});

test.each(["before", "after"] as const)("something else running %s the evaluation makes it an error", async (when) => {
  const subject = { before: seen, after: seen, [when]: { ...seen, modelDigest: sha256("other bytes") } };
  const { verdict } = await (await judged({ evaluation: evaluationToJson(evaluation(10, { subject })) })).work;
  expect(verdict).toMatchObject({
    verdict: "error",
    reasons: [expect.stringContaining(sha256("other bytes")) as string],
  });
});

test("evidence about another model is an error, kind by kind", async () => {
  const { verdict } = await (await judged({}, { modelDigest: sha256("another model") })).work;
  expect(verdict.verdict).toBe("error");
  expect(verdict.reasons.map((reason) => reason.split(" ")[1])).toEqual(["evaluation", "validation", "smoke"]);
});

test("without an evaluation there is nothing to judge and no verdict", async () => {
  const { work, evidence } = await judged({ evaluation: null });
  await expect(work).rejects.toMatchObject({ problems: [{ code: "gate.no-evaluation" }] });
  expect(await evidence.list(release.image, "verdict", signal)).toEqual([]);
});

test("an evaluation that cannot be read leaves no verdict", async () => {
  for (const body of [null, {}, { ...(evaluationToJson(evaluation(10)) as object), schema: 9 }] as Json[]) {
    const { work, evidence } = await judged({ evaluation: body ?? "null" });
    await expect(work).rejects.toMatchObject({ problems: [{ code: "release.unreadable" }] });
    expect(await evidence.list(release.image, "verdict", signal)).toEqual([]);
  }
});

test("rows that failed make the verdict an error", async () => {
  const observations = { ...rightOrNot(wrongFirst(90, 0), null), failedRows: 10 };
  const { verdict } = await (await judged({ evaluation: evaluationToJson(evaluation(0, { observations })) })).work;
  expect(verdict).toMatchObject({ verdict: "error", checks: [{ reason: "failed_rows" }] });
});

const stranger: Signature = {
  status: "refused",
  problem: { code: "evidence.signer-repository", message: "it was signed for mallory/digits", hint: "Do not." },
};
const key: Signature = { status: "verified", by: { kind: "key", fingerprint: sha256("key") }, at: null };
const strangerIn =
  (wanted: EvidenceKind, signature: Signature) =>
  ({ kind }: StoredEvidence): Signature =>
    kind === wanted ? signature : key;

test("evidence that is signed by somebody trusted is judged", async () => {
  const { work, notes } = await judged({}, { signatureOf: () => key });
  expect((await work).verdict.verdict).toBe("pass");
  expect(notes).toEqual([]);
});

test.each<[string, Signature, RegExp]>([
  ["of a stranger", stranger, /^the evaluation evidence sha256:.* does not count: it was signed for mallory\/digits$/],
  ["without a signature", { status: "unsigned" }, /^the evaluation evidence sha256:.* it is not signed$/],
])("an evaluation %s is no evaluation, and is named", async (_what, signature, note) => {
  const { work, evidence, notes } = await judged({}, { signatureOf: strangerIn("evaluation", signature) });
  await expect(work).rejects.toMatchObject({ problems: [{ code: "gate.no-evaluation" }] });
  expect(notes).toEqual([expect.stringMatching(note)]);
  expect(await evidence.list(release.image, "verdict", signal)).toEqual([]);
});

test.each(["validation", "smoke"] as const)(
  "a %s by a stranger leaves the release without one, and is named",
  async (kind) => {
    const { work, notes } = await judged({}, { signatureOf: strangerIn(kind, stranger) });
    expect((await work).verdict).toMatchObject({
      verdict: "error",
      reasons: [`the release has no ${kind} evidence`],
    });
    expect(notes).toEqual([expect.stringContaining(`the ${kind} evidence sha256:`)]);
  },
);

test("a stranger's newer smoke test neither fails nor saves a release", async () => {
  const evidence = fakeEvidenceStore();
  const clock = fakeClock();
  const about = { image: release.image, modelDigest: release.model.digest, by: source };
  const at = "2026-11-23T11:00:00.000Z";
  const bodies = { validation: {}, smoke, evaluation: evaluationToJson(evaluation(10)) } as unknown as Record<
    EvidenceKind,
    Json
  >;
  for (const [kind, body] of Object.entries(bodies) as [EvidenceKind, Json][])
    await evidence.attach({ kind, body, ...about, at }, signal);
  const newer = { kind: "smoke", body: { ...smoke, passed: false }, ...about, at: "2026-11-23T11:30:00.000Z" } as const;
  const foreign = await evidence.attach(newer, signal);
  const read = withSignatures(evidence, ({ digest }) => (digest === foreign ? stranger : key));
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  const { verdict } = await gate({
    release,
    policy,
    baseline: null,
    evidence: read,
    signed: true,
    clock,
    source,
    note,
    signal,
  });
  expect(verdict).toMatchObject({ verdict: "pass", reasons: [] });
  expect(notes).toEqual([expect.stringContaining(foreign)]);
});
