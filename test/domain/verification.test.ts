import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { Problem, ProblemCode } from "../../src/domain/problem.ts";
import type { Signature } from "../../src/domain/signature.ts";
import { formatSigner, type Stated } from "../../src/domain/stated.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import { type Proof, proofKinds, verification } from "../../src/domain/verification.ts";
import { proofOf } from "../fakes/proof.ts";
import { releaseOf } from "../fakes/release.ts";
import { data, policy, verdictEvidence, verdictFor } from "../fakes/verdict.ts";

const release = releaseOf("a");
const now = new Date("2026-11-23T12:00:00.000Z");
const wanted = { policyDigest: policy, dataDigest: data, maxAgeMs: 24 * 3_600_000, signed: true, now };

const workflow = "acme/digits/.github/workflows/release.yml";
const verified: Signature = {
  status: "verified",
  by: {
    kind: "keyless",
    issuer: "https://token.actions.githubusercontent.com",
    workflow,
    workflowRef: "refs/heads/main",
    repository: "acme/digits",
    ref: "refs/heads/main",
    commit: "c0ffee",
    run: "https://github.com/acme/digits/actions/runs/1",
  },
  at: "2026-11-23T11:00:01.000Z",
};
const unsigned: Signature = { status: "unsigned" };
const refused = (code: ProblemCode): Signature => ({
  status: "refused",
  problem: { code, message: `because of ${code}`, hint: "Do not." },
});

const stated = (
  kind: Parameters<typeof proofOf>[1],
  signature: Signature = verified,
  fields: Partial<Stated> = {},
): Stated => {
  const { modelDigest, at, body } = proofOf(release, kind);
  return { digest: sha256(kind), modelDigest, at, body, signature, ...fields };
};
const statedVerdict = (
  signature: Signature = verified,
  fields: Partial<Verdict> = {},
  status: "pass" | "fail" = "pass",
): Stated => {
  const { modelDigest, at, body } = verdictEvidence(release, verdictFor(release, fields, status));
  return { digest: sha256(JSON.stringify(body)), modelDigest, at, body, signature };
};

type Lists = Partial<Record<keyof Proof, readonly Stated[]>>;
const proof = (lists: Lists = {}, problems: Partial<Record<keyof Proof, Problem[]>> = {}): Proof => {
  const good: Record<keyof Proof, readonly Stated[]> = {
    verdict: [statedVerdict()],
    evaluation: [stated("evaluation")],
    smoke: [stated("smoke")],
    validation: [stated("validation")],
    provenance: [stated("provenance")],
    ...lists,
  };
  return Object.fromEntries(
    proofKinds.map((kind) => [kind, { statements: good[kind], problems: problems[kind] ?? [] }]),
  ) as unknown as Proof;
};
const verify = (lists: Lists = {}, fields: Partial<typeof wanted> = {}, subject = release) =>
  verification(subject, proof(lists), { ...wanted, ...fields });
const codes = (found: ReturnType<typeof verification>) => found.problems.map(({ code }) => code);
const failed = (found: ReturnType<typeof verification>) => found.checks.filter(({ ok }) => !ok).map(({ name }) => name);

test("a proved release has every check, each with its values", () => {
  const { checks, problems, verdict } = verify();
  expect(problems).toEqual([]);
  expect(verdict).toMatchObject({ verdict: "pass", digest: statedVerdict().digest });
  expect(Object.fromEntries(checks.map(({ name, detail }) => [name, detail]))).toEqual({
    signature: expect.stringContaining("signed at 2026-11-23T11:00:01.000Z") as string,
    signer: expect.stringContaining(`${workflow}@refs/heads/main, for acme/digits, at refs/heads/main`) as string,
    subject: expect.stringContaining(release.image.digest) as string,
    "model digest": release.model.digest,
    verdict: "pass on 1 gates",
    freshness: "judged at 2026-11-23T11:00:00.000Z, 1 h ago; at most 24 h are allowed",
    "policy digest": policy,
    "data digest": `${data}, 100 rows`,
    evaluation: expect.stringContaining(sha256("evaluation")) as string,
    smoke: expect.stringContaining(sha256("smoke")) as string,
    validation: expect.stringContaining(sha256("validation")) as string,
    provenance: expect.stringContaining(sha256("provenance")) as string,
  });
  expect(checks.every(({ ok }) => ok)).toBe(true);
});

test("a release without a verdict has one problem, and nothing else is said to hold", () => {
  const found = verify({ verdict: [] });
  expect(codes(found)).toEqual(["promote.no-verdict"]);
  expect(found.verdict).toBeNull();
  expect(found.checks.some(({ ok }) => ok)).toBe(false);
});

const attacks: ProblemCode[] = [
  "evidence.signer-repository",
  "evidence.signer-workflow",
  "evidence.signer-key",
  "evidence.signer-issuer",
  "evidence.signer-ref",
  "evidence.subject",
  "evidence.certificate",
  "evidence.altered",
];

test.each(attacks)("a verdict refused for %s is refused with that code, and the message names it", (code) => {
  const stranger = statedVerdict(refused(code));
  const found = verify({ verdict: [stranger] });
  expect(codes(found)).toEqual([code]);
  expect(found.problems[0]!.message).toBe(`the verdict evidence ${stranger.digest} does not count: because of ${code}`);
  expect(found.verdict).toBeNull();
});

test("an unsigned verdict counts only where nothing is signed", () => {
  const lists = {
    verdict: [statedVerdict(unsigned)],
    evaluation: [stated("evaluation", unsigned)],
    smoke: [stated("smoke", unsigned)],
    validation: [stated("validation", unsigned)],
    provenance: [stated("provenance", unsigned)],
  };
  expect(codes(verify(lists))).toEqual(["evidence.unsigned"]);
  const open = verify(lists, { signed: false });
  expect(open.problems).toEqual([]);
  expect(open.checks.find(({ name }) => name === "signer")!.detail).toBe("nobody: nothing is signed");
});

test("a refused statement does not count where nothing is signed either", () => {
  expect(codes(verify({ verdict: [statedVerdict(refused("evidence.altered"))] }, { signed: false }))).toEqual([
    "evidence.altered",
  ]);
});

test("the newest stranger gives the problem when there is no trusted verdict", () => {
  const strangers = [statedVerdict(refused("evidence.altered")), statedVerdict(unsigned)];
  expect(codes(verify({ verdict: strangers }))).toEqual(["evidence.altered"]);
  expect(codes(verify({ verdict: strangers.toReversed() }))).toEqual(["evidence.unsigned"]);
});

test("strangers before and after never change what the trusted statements come to", () => {
  const signature = fc.constantFrom(unsigned, ...attacks.map(refused));
  const garbage = fc.constantFrom<Stated["body"]>(null, "pass", {}, { schema: 9 }, statedVerdict().body);
  const stranger = fc.record({
    signature,
    body: garbage,
    digest: fc.constantFrom(statedVerdict().digest, sha256("evaluation"), sha256("stranger")),
    modelDigest: fc.constantFrom(release.model.digest, sha256("another model")),
    at: fc.constantFrom("2026-11-22T00:00:00.000Z", "2026-11-23T11:59:00.000Z"),
  });
  const around = fc.tuple(fc.array(stranger, { maxLength: 3 }), fc.array(stranger, { maxLength: 3 }));
  const kinds = fc.record(Object.fromEntries(proofKinds.map((kind) => [kind, around])));
  const trusted = proof();
  const alone = verification(release, trusted, wanted);
  fc.assert(
    fc.property(kinds, (strangers) => {
      const mixed = Object.fromEntries(
        proofKinds.map((kind) => {
          const [before, after] = strangers[kind]!;
          return [kind, { statements: [...before, ...trusted[kind].statements, ...after], problems: [] }];
        }),
      ) as unknown as Proof;
      expect(verification(release, mixed, wanted)).toEqual(alone);
    }),
  );
});

test("a stranger's pass does not hide a trusted fail", () => {
  const fail = statedVerdict(verified, { at: "2026-11-23T10:00:00.000Z" }, "fail");
  const found = verify({ verdict: [statedVerdict(refused("evidence.signer-repository")), fail] });
  expect(codes(found)).toEqual(["promote.verdict-failed"]);
  expect(found.verdict).toMatchObject({ verdict: "fail", digest: fail.digest });
});

test("a trusted verdict that cannot be read stops everything; a stranger's does not", () => {
  const unreadable = { ...statedVerdict(), body: { schema: 2 }, digest: sha256("unreadable") };
  expect(codes(verify({ verdict: [statedVerdict(), unreadable] }))).toEqual(["release.unreadable"]);
  expect(codes(verify({ verdict: [{ ...unreadable, signature: unsigned }, statedVerdict()] }))).toEqual([]);
});

test.each<[string, Partial<typeof wanted>, string, ProblemCode]>([
  ["policy", { policyDigest: sha256("other") }, "policy digest", "promote.verdict-foreign"],
  ["data", { dataDigest: sha256("other") }, "data digest", "promote.verdict-foreign"],
  ["time", { now: new Date("2026-11-30T12:00:00.000Z") }, "freshness", "promote.verdict-stale"],
])("another %s fails exactly its own check", (_what, fields, name, code) => {
  const found = verify({}, fields);
  expect(failed(found)).toEqual([name]);
  expect(codes(found)).toEqual([code]);
});

test("when policy or data differ, both digests are said", () => {
  const other = sha256("other");
  const [policyProblem] = verify({}, { policyDigest: other }).problems;
  expect(policyProblem!.message).toContain(policy);
  expect(policyProblem!.message).toContain(other);
  const [dataProblem] = verify({}, { dataDigest: other }).problems;
  expect(dataProblem!.message).toContain(data);
  expect(dataProblem!.message).toContain(other);
});

test("another image or another model fails its own check", () => {
  const other = releaseOf("b");
  expect(failed(verify({}, {}, { ...release, image: other.image }))).toEqual(["subject"]);
  const model = verify({}, {}, { ...release, model: other.model });
  expect(failed(model)).toEqual(["model digest", "evaluation", "smoke", "validation", "provenance"]);
});

test("a verdict whose envelope names another model than its body is refused", () => {
  const found = verify({ verdict: [{ ...statedVerdict(), modelDigest: sha256("another model") }] });
  expect([failed(found), codes(found)]).toEqual([["model digest"], ["evidence.subject"]]);
});

const supports = ["evaluation", "smoke", "validation", "provenance"] as const;

test.each(supports)("without its %s a verdict proves nothing", (kind) => {
  const found = verify({ [kind]: [] });
  expect([failed(found), codes(found)]).toEqual([[kind], ["evidence.missing"]]);
});

test.each(supports)("a stranger's %s is refused with its own code", (kind) => {
  for (const code of attacks) {
    const found = verify({ [kind]: [stated(kind, refused(code))] });
    expect([failed(found), codes(found)]).toEqual([[kind], [code]]);
  }
  expect(codes(verify({ [kind]: [stated(kind, unsigned)] }))).toEqual(["evidence.unsigned"]);
});

test.each(supports)("a %s about another model is refused", (kind) => {
  const other = { modelDigest: sha256("another model") };
  const found = verify({ [kind]: [stated(kind, verified, other)] });
  expect([failed(found), codes(found)]).toEqual([[kind], ["evidence.subject"]]);
});

test("the evaluation must be the one the verdict names", () => {
  const other = stated("evaluation", verified, { digest: sha256("another evaluation") });
  const found = verify({ evaluation: [other] });
  expect(codes(found)).toEqual(["evidence.missing"]);
  expect(found.problems[0]!.message).toContain(sha256("evaluation"));
});

test("the trusted copy of the evaluation counts, whoever signed the other one", () => {
  const copies = [stated("evaluation", refused("evidence.signer-key")), stated("evaluation")];
  expect(codes(verify({ evaluation: copies }))).toEqual([]);
  expect(codes(verify({ evaluation: copies.toReversed() }))).toEqual([]);
});

test("an older pass under a newer failed smoke test is no proof", () => {
  const failedSmoke = stated("smoke", verified, { body: { passed: false, steps: [] }, digest: sha256("newer") });
  expect(codes(verify({ smoke: [failedSmoke, stated("smoke")] }))).toEqual(["smoke.failed"]);
  expect(codes(verify({ smoke: [stated("smoke"), failedSmoke] }))).toEqual([]);
  expect(codes(verify({ smoke: [{ ...failedSmoke, signature: unsigned }, stated("smoke")] }))).toEqual([]);
});

test("provenance that does not name the model's bytes is none", () => {
  const { body } = proofOf(releaseOf("b"), "provenance");
  const found = verify({ provenance: [stated("provenance", verified, { body })] });
  expect([failed(found), codes(found)]).toEqual([["provenance"], ["evidence.subject"]]);
  expect(found.problems[0]!.message).toContain("digits.onnx");
});

test.each(proofKinds)("a list of %s statements that cannot be read is a finding", (kind) => {
  const problem: Problem = { code: "release.unreadable", message: "it is not JSON", hint: "Look at it." };
  const found = verification(release, proof({}, { [kind]: [problem] }), wanted);
  expect(found.problems).toEqual([problem]);
  expect(failed(found)).toContain(kind === "verdict" ? "signature" : kind);
});

test("a key is named by its fingerprint", () => {
  expect(formatSigner({ kind: "key", fingerprint: sha256("key") })).toBe(`the key ${sha256("key")}`);
});

test("what a certificate does not say is left out", () => {
  const by = { kind: "keyless", issuer: "https://issuer", workflow, workflowRef: "main" } as const;
  const nothing = { repository: null, ref: null, commit: null, run: null };
  expect(formatSigner({ ...by, ...nothing })).toBe(`the workflow ${workflow}@main, vouched for by https://issuer`);
});
