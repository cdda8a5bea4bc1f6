import { digestOf } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import { type Check, comparisonsOf } from "./gate/decide.ts";

/** All that decides a verdict besides the observations. A verdict under one policy says nothing under another. */
export interface Policy {
  checks: readonly Check[];
  firstPromotion: "allow" | "block";
  failedRows: { policy: string; maxShare: number | null };
}

/** The digest of a policy: of the checks as written and of what is done with rows that failed. */
export const policyDigest = ({ checks, firstPromotion, failedRows }: Policy): Digest =>
  digestOf({
    schema: 1,
    checks: checks.map((check) => ({
      text: check.text,
      severity: check.severity,
      onInconclusive: check.onInconclusive,
      ...("anyOf" in check && { anyOf: comparisonsOf(check).map(({ text }) => text) }),
    })),
    firstPromotion,
    failedRows: { policy: failedRows.policy, maxShare: failedRows.maxShare },
  });
