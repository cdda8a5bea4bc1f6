import { formatImage } from "../domain/image.ts";
import { type LedgerEntry, standing } from "../domain/ledger.ts";
import { type Problem, UserError, WorldError } from "../domain/problem.ts";
import type { Release, Running } from "../domain/release.ts";
import { distrust, isTrusted } from "../domain/stated.ts";
import { isSame, readVerdict } from "../domain/verdict.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";
import { type Change, type Changed, carryOut, inEnvironment } from "./change.ts";
import { seenOf } from "./deploy.ts";

export interface RollbackOptions extends Change {
  evidence: EvidenceStore;
  /** Whether verdicts must be signed. */
  signed: boolean;
}

/**
 * Makes an environment run the release it ran before, which is a deployment like any other. A rollback that a killed run left
 * behind and that had taken place is finished, and no further step is taken back.
 * @throws UserError `rollback.nothing`; else as `promote`.
 */
export const rollback = (options: RollbackOptions): Promise<Changed> =>
  inEnvironment(options, async (change, journal, settled) => {
    const { platform, signal, describe } = change;
    const running = await platform.current(signal);
    const finished = settled?.act === "rollback" && settled.phase === "done" && running && isSame(running, settled);
    if (finished) {
      const release = await describe(settled.image, signal);
      return { release, running, before: settled.before, deployment: null, approval: settled.approval };
    }
    const release = await previousVerified({ ...options, signal }, journal.entries, running);
    return carryOut(change, journal, { act: "rollback", release, verdict: null });
  });

/** The newest release below what runs that still proves itself; the ones passed over are noted. */
async function previousVerified(
  options: RollbackOptions,
  entries: readonly LedgerEntry[],
  running: Running | null,
): Promise<Release> {
  const problems: Problem[] = [];
  for (const entry of below(standing(entries), running)) {
    try {
      return await verified(entry, options);
    } catch (error) {
      const found = doubts(error);
      if (found.length === 0) throw error;
      options.note(`${formatImage(entry.image)} is passed over: ${found.map((doubt) => doubt.message).join("; ")}`);
      problems.push(...found);
    }
  }
  const message = `${options.environment} has no earlier verified release to go back to`;
  const hint = "Promote a release with a passing verdict instead.";
  throw new UserError([{ code: "rollback.nothing", message, hint }, ...problems]);
}

/** What an error says against a release; nothing, when it says more of the registry's health than of the release. */
function doubts(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  return error instanceof WorldError && error.problem.code === "registry.digest" ? [error.problem] : [];
}

/** What stood before what runs, newest first. What the ledger does not know stands above all; nothing running, for the top. */
function below(stack: readonly LedgerEntry[], running: Running | null): readonly LedgerEntry[] {
  const top = stack.length - 1;
  const at = running ? stack.findLastIndex(({ image }) => image.digest === running.image.digest) : top;
  return (at >= 0 ? stack.slice(0, at) : stack).toReversed();
}

/** Reads a promoted release again, and the verdict it was promoted on. @throws UserError when it proves nothing any more. */
async function verified(entry: LedgerEntry, { evidence, signed, describe, signal }: RollbackOptions): Promise<Release> {
  const refused = (message: string): UserError =>
    new UserError([{ code: "promote.no-verdict", message, hint: "Judge and promote it again to trust it." }]);
  const same = (await evidence.list(entry.image, "verdict", signal)).filter(({ digest }) => digest === entry.verdict);
  const stored = same.find((one) => isTrusted(one, signed));
  if (!stored && same[0]) throw new UserError([distrust(same[0], "verdict")]);
  if (!stored) throw refused(`its verdict ${entry.verdict ?? ""} is not in the registry`);
  const verdict = readVerdict(stored.body, `its verdict ${stored.digest}`);
  if (verdict.verdict !== "pass") throw refused(`its verdict ${stored.digest} is ${verdict.verdict}`);
  if (!isSame(verdict.subject, entry)) throw refused(`its verdict ${stored.digest} is about another release`);
  const release = await describe(entry.image, signal);
  if (!isSame(seenOf(release), entry)) throw refused(`its image holds the model ${release.model.digest}`);
  return release;
}
