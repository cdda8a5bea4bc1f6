import type { Json } from "../../src/domain/canonical.ts";
import { sha256 } from "../../src/domain/digest.ts";
import type { Evidence } from "../../src/domain/evidence.ts";
import { blank, type CheckResult } from "../../src/domain/gate/result.ts";
import type { Release } from "../../src/domain/release.ts";
import { type Verdict, verdictWord } from "../../src/domain/verdict.ts";

/** The policy and data of {@link verdictFor}. */
export const policy = sha256("policy");
export const data = sha256("data");

/** One required check with a status. */
export const checkWith = (status: CheckResult["status"]): CheckResult => ({
  ...blank,
  status,
  value: 0.9,
  bound: 0.8,
  n: 100,
  text: "accuracy >= 0.8",
  severity: "required",
  onInconclusive: "block",
  unit: "ratio",
  confidence: null,
  slices: null,
  members: null,
  sentence: `accuracy is 0.9: ${status}`,
});

/** A check of alternatives, each with a status. */
export const anyOfWith = (status: CheckResult["status"], ...members: CheckResult["status"][]): CheckResult => ({
  ...blank,
  status,
  text: `any_of: [${members.map(() => "accuracy >= 0.8").join(", ")}]`,
  severity: "required",
  onInconclusive: "block",
  unit: "",
  confidence: null,
  slices: null,
  members: members.map((one) => {
    const { severity: _, onInconclusive: __, members: ___, ...comparison } = checkWith(one);
    return comparison;
  }),
  sentence: `${members.length} alternatives: ${status}`,
});

/** A verdict about a release; its word follows from its checks and reasons. */
export function verdictFor(
  release: Release,
  fields: Partial<Verdict> = {},
  status: CheckResult["status"] = "pass",
): Verdict {
  const seen = { image: release.image, modelDigest: release.model.digest };
  const verdict: Verdict = {
    schema: 1,
    verdict: "pass",
    reasons: [],
    subject: { ...seen, before: seen, after: seen },
    champion: { image: null, source: "none" },
    data: { digest: data, rows: 100 },
    policy,
    baseline: null,
    checks: [checkWith(status)],
    evaluation: sha256("evaluation"),
    at: "2026-11-23T11:00:00.000Z",
    ...fields,
  };
  return { ...verdict, verdict: verdictWord(verdict.checks, verdict.reasons) };
}

/** A verdict as evidence. */
export const verdictEvidence = (release: Release, verdict: Verdict): Evidence => ({
  kind: "verdict",
  image: release.image,
  modelDigest: release.model.digest,
  at: verdict.at,
  by: { actor: "ada", commit: null, run: null },
  body: verdict as unknown as Json,
});
