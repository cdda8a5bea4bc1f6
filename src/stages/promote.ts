import type { Digest } from "../domain/digest.ts";
import { formatImage, type Image } from "../domain/image.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Expectations } from "../domain/verification.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";
import type { Approval, Withheld } from "./approve.ts";
import { type Change, type Changed, carryOut, inEnvironment, inPlace } from "./change.ts";
import { verify } from "./verify.ts";

export interface PromoteOptions extends Change {
  release: Release;
  evidence: EvidenceStore;
  /** The policy and data in force now, how old a verdict may be, and whether it must be signed. */
  expectations: Expectations;
  /** Finds out whether enough people agree to a promotion on a verdict, by the history as it is under the lease. */
  approve(verdict: Digest, entries: readonly LedgerEntry[], signal: AbortSignal): Promise<Approval>;
}

/**
 * Makes an environment run a release whose newest trusted verdict under this policy and on this data is a pass, and reads it back.
 * It asks for approval under the lease, so that one approval never carries two promotions, and only for what does not run already.
 * @returns what was changed, or why nothing was.
 * @throws UserError `promote.no-verdict`, `promote.verdict-*`, `evidence.*`; WorldError `promote.locked`, `promote.digest-mismatch`, and
 * what the platform throws, each saying what the environment runs.
 */
export const promote = (options: PromoteOptions): Promise<Changed | Withheld> =>
  inEnvironment(options, async (change, journal) => {
    const { release } = options;
    const { platform, signal } = change;
    const verdict = await passingVerdict({ ...options, signal });
    const placed = inPlace(release, await platform.current(signal), journal);
    if (placed) return placed;
    const approval = await options.approve(verdict, journal.entries, signal);
    if (approval.state === "waiting" || approval.state === "rejected") return approval;
    const id = approval.state === "approved" ? approval.id : null;
    return carryOut(change, journal, { act: "promote", release, verdict, approval: id });
  });

/** Whether a promotion was held back. */
export const isWithheld = (result: Changed | Withheld): result is Withheld => "state" in result;

/** The digest of the verdict statement that allows the promotion. */
async function passingVerdict(options: PromoteOptions): Promise<Digest> {
  const { verdict, problems } = await verify(options);
  if (!verdict || problems.length > 0) throw new UserError(problems);
  await sameChampion(verdict, options);
  return verdict.digest;
}

/**
 * A verdict that was reached against a champion holds as long as that champion runs. When the release itself runs already, a
 * run that was killed put it there.
 * @throws UserError `promote.verdict-stale`.
 */
async function sameChampion(
  { checks, champion }: Verdict,
  { platform, environment, release, signal }: PromoteOptions,
): Promise<void> {
  if (!checks.some(({ text }) => /\bchampion\b/.test(text))) return;
  const running = await platform.current(signal);
  const now = running?.image.digest ?? null;
  if (now === release.image.digest || now === (champion.image?.digest ?? null)) return;
  const named = (image: Image | null): string => (image ? formatImage(image) : "nothing");
  throw new UserError([
    {
      code: "promote.verdict-stale",
      message: `the verdict compares with ${named(champion.image)}, and ${environment} runs ${named(running?.image ?? null)} now`,
      hint: "Run modelgate run again, so that the release is compared with what runs.",
    },
  ]);
}
