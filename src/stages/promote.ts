import type { Digest } from "../domain/digest.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import { type Expected, readVerdict, verdictProblems, verdictThatCounts } from "../domain/verdict.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";
import { type Change, type Changed, carryOut, inEnvironment } from "./change.ts";
import { seenOf } from "./deploy.ts";

export interface PromoteOptions extends Change {
  release: Release;
  evidence: EvidenceStore;
  /** The policy and data in force now, and how old a verdict may be. */
  expectations: Pick<Expected, "policyDigest" | "dataDigest" | "maxAgeMs">;
}

/**
 * Makes an environment run a release whose newest verdict under this policy and on this data is a pass, and reads it back.
 * @throws UserError `promote.no-verdict`, `promote.verdict-*`; WorldError `promote.locked`, `promote.digest-mismatch`, and
 * what the platform throws, each saying what the environment runs.
 */
export const promote = (options: PromoteOptions): Promise<Changed> =>
  inEnvironment(options, async (change, journal) => {
    const verdict = await passingVerdict({ ...options, signal: change.signal });
    return carryOut(change, journal, { act: "promote", release: options.release, verdict });
  });

/** The digest of the verdict statement that allows the promotion. */
async function passingVerdict(options: PromoteOptions): Promise<Digest> {
  const { release, evidence, expectations, clock, signal } = options;
  const stored = await evidence.list(release.image, "verdict", signal);
  const verdicts = stored.map(({ digest, body }) => ({ ...readVerdict(body, `the verdict ${digest}`), digest }));
  const counts = verdictThatCounts(verdicts, expectations);
  const problems = verdictProblems(counts, { ...seenOf(release), ...expectations, now: clock.now() });
  if (!counts || problems.length > 0) throw new UserError(problems);
  return counts.digest;
}
