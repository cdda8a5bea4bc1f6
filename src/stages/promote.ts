import type { Digest } from "../domain/digest.ts";
import { formatImage, type Image } from "../domain/image.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Expectations } from "../domain/verification.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";
import { type Change, type Changed, carryOut, inEnvironment } from "./change.ts";
import { verify } from "./verify.ts";

export interface PromoteOptions extends Change {
  release: Release;
  evidence: EvidenceStore;
  /** The policy and data in force now, how old a verdict may be, and whether it must be signed. */
  expectations: Expectations;
}

/**
 * Makes an environment run a release whose newest trusted verdict under this policy and on this data is a pass, and reads it back.
 * @throws UserError `promote.no-verdict`, `promote.verdict-*`, `evidence.*`; WorldError `promote.locked`, `promote.digest-mismatch`, and
 * what the platform throws, each saying what the environment runs.
 */
export const promote = (options: PromoteOptions): Promise<Changed> =>
  inEnvironment(options, async (change, journal) => {
    const verdict = await passingVerdict({ ...options, signal: change.signal });
    return carryOut(change, journal, { act: "promote", release: options.release, verdict });
  });

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
