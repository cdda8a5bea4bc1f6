import type { Digest } from "../domain/digest.ts";
import { byDigest, tips } from "../domain/history.ts";
import { formatImage, type Image } from "../domain/image.ts";
import { entryDigest, type LedgerEntry, lastDone, openActs } from "../domain/ledger.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Release, Running, Source } from "../domain/release.ts";
import { isSame } from "../domain/verdict.ts";
import type { Clock } from "../ports/clock.ts";
import type { Lease, LedgerStore } from "../ports/ledger-store.ts";
import type { Deployment, Platform } from "../ports/platform.ts";
import { deploy, formatSeen, seenOf } from "./deploy.ts";

/** A change of what an environment runs. */
export interface Change {
  environment: string;
  platform: Platform;
  ledger: LedgerStore;
  clock: Clock;
  source: Source;
  /** Why, for the ledger; at most its first 1000 characters are kept. */
  reason: string;
  /** Reads a release back from its image. */
  describe(image: Image, signal: AbortSignal): Promise<Release>;
  /** One sentence on what an earlier run left, or what is passed over. */
  note(text: string): void;
  signal: AbortSignal;
}

/** What a change came to. */
export interface Changed {
  release: Release;
  /** What runs, as the platform said last. */
  running: Running;
  /** What ran before the act. */
  before: Image | null;
  /** Null when the release ran already and nothing was done. */
  deployment: Deployment | null;
  /** The approval by which it runs; null when none was needed. */
  approval: string | null;
}

/** The history of an environment while this run may add to it. */
interface Journal {
  /** As it was read last, and what was written since. */
  readonly entries: readonly LedgerEntry[];
  begin(act: Act): Promise<LedgerEntry>;
  end(intended: LedgerEntry, phase: "done" | "undone"): Promise<LedgerEntry>;
  /** Reads the history again. @returns the acts that others began since, but for those that were undone. */
  rivals(): Promise<readonly LedgerEntry[]>;
}
type Act = Pick<LedgerEntry, "act" | "image" | "modelDigest" | "before" | "verdict" | "approval" | "reason">;

/** No act outlives its lease, so this is also the time an act may take. */
const leaseMilliseconds = 30 * 60_000;
const reasonLength = 1000;

/** Takes the environment, settles what a killed run left open, does the work, gives the environment back. */
export async function inEnvironment<T>(
  change: Change,
  work: (change: Change, journal: Journal, settled: LedgerEntry | null) => Promise<T>,
): Promise<T> {
  const { ledger, environment, source, signal } = change;
  const owner = source.run ? `${source.actor} (${source.run})` : source.actor;
  await using lease = await ledger.lease(environment, owner, leaseMilliseconds, signal);
  using limit = timeLimit(change, lease);
  const limited = { ...change, signal: limit.signal };
  const journal = await openJournal(limited, lease);
  return await work(limited, journal, await settle(limited, journal));
}

/** A signal that also aborts when the lease runs out. */
function timeLimit({ clock, signal, environment }: Change, { expires }: Lease): { signal: AbortSignal } & Disposable {
  const over = new AbortController();
  const stop = new AbortController();
  const problem = {
    code: "promote.locked" as const,
    message: `changing ${environment} took longer than ${leaseMilliseconds / 60_000} minutes; the act was left open`,
    hint: "Look at why the platform takes so long, then run the command again: it settles what was left.",
  };
  const context = { side: `platform of ${environment}`, during: "changing what it runs", retryable: true };
  clock.until(clock.monotonic() + expires.getTime() - clock.now().getTime(), stop.signal).then(
    () => over.abort(new WorldError(problem, context)),
    () => undefined,
  );
  return { signal: AbortSignal.any([signal, over.signal]), [Symbol.dispose]: () => stop.abort() };
}

async function openJournal(
  { ledger, environment, source, clock, signal }: Change,
  { id: lease }: Lease,
): Promise<Journal> {
  let entries = await ledger.read(environment, signal);
  const own = new Set<Digest>();

  async function write(act: Act, phase: LedgerEntry["phase"], closes: Digest | null): Promise<LedgerEntry> {
    const { image, modelDigest, before, verdict, approval, reason } = act;
    const { actor, commit, run } = source;
    const who = { actor, commit, run, lease, at: clock.now().toISOString() };
    const what = { act: act.act, phase, closes, image, modelDigest, before, verdict, approval, reason };
    const entry = { environment, parents: tips(byDigest(entries)), ...what, ...who };
    await ledger.append(entry, signal);
    own.add(entryDigest(entry));
    entries = [...entries, entry];
    return entry;
  }

  return {
    get entries() {
      return entries;
    },
    begin: (act) => write(act, "intended", null),
    end: (intended, phase) => write(intended, phase, entryDigest(intended)),
    async rivals() {
      const seen = new Set([...own, ...byDigest(entries).keys()]);
      entries = await ledger.read(environment, signal);
      const undone = new Set(entries.filter(({ phase }) => phase === "undone").map(({ closes }) => closes));
      return [...byDigest(entries)].flatMap(([digest, entry]) =>
        entry.phase === "intended" && !seen.has(digest) && !undone.has(digest) ? [entry] : [],
      );
    },
  };
}

/**
 * Closes the acts that killed runs left open, each by what the platform says. @returns the entry that closed the one that had
 * taken place, or else the last one.
 */
async function settle(change: Change, journal: Journal): Promise<LedgerEntry | null> {
  let settled: LedgerEntry | null = null;
  for (const open of openActs(journal.entries)) {
    const closed = await settleOne(change, journal, open);
    if (settled?.phase !== "done") settled = closed;
  }
  return settled;
}

/** When an act left nothing running, or its release with other bytes, what ran before is put back before it is closed. */
async function settleOne(change: Change, journal: Journal, open: LedgerEntry): Promise<LedgerEntry> {
  const { platform, environment, note, signal } = change;
  const running = await platform.current(signal);
  const phase = running && isSame(running, open) ? "done" : "undone";
  const left = `a ${open.act} of ${environment} to ${formatSeen(open)} was left open at ${open.at}`;
  note(`${left}; the platform runs ${formatSeen(running)}, so it is ${phase}`);
  const half = running ? running.image.digest === open.image.digest : open.before !== null;
  if (phase === "undone" && half)
    await putBack(change, open.before).catch((error: unknown) =>
      note(`what ran before it could not be put back: ${messageOf(error)}`),
    );
  return journal.end(open, phase);
}

async function putBack({ platform, describe, signal }: Change, before: Image | null): Promise<void> {
  if (before) await deploy(await describe(before, signal), platform, signal);
  else await platform.remove(signal);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Deploys a release in two phases: `intended` before, `done` when the platform says that it runs it. Nothing is done when it
 * runs already and the ledger says so. When it fails, what ran before is put back and the act is `undone`.
 */
export async function carryOut(
  change: Change,
  journal: Journal,
  intent: { act: LedgerEntry["act"]; release: Release; verdict: Digest | null; approval?: string | null },
): Promise<Changed> {
  const { platform, signal } = change;
  const { release } = intent;
  const before = await platform.current(signal);
  const placed = inPlace(release, before, journal);
  if (placed) return placed;
  const act = {
    ...seenOf(release),
    act: intent.act,
    before: before?.image ?? null,
    verdict: intent.verdict,
    approval: intent.approval ?? null,
    reason: change.reason.slice(0, reasonLength),
  };
  const intended = await journal.begin(act);
  await giveWay(change, journal, intended);
  const deployment = await deploy(release, platform, signal).catch(async (error: unknown) => {
    throw explained(error, await undo(change, journal, intended, before));
  });
  await journal.end(intended, "done");
  return { release, running: deployment.running, before: act.before, deployment, approval: act.approval };
}

/** A change that took place already: the platform runs the release, and the ledger says so. */
export function inPlace(release: Release, running: Running | null, { entries }: Journal): Changed | null {
  const last = lastDone(entries);
  if (!running || !isSame(running, seenOf(release)) || !last || !isSame(last, running)) return null;
  return { release, running, before: last.before, deployment: null, approval: last.approval };
}

/**
 * The second line behind the lease. An intention is written before the history is read again, so of two that come between each other
 * at least one sees the other; whoever sees one gives way, before it touches the platform. At worst both do.
 * @throws WorldError `promote.locked`.
 */
async function giveWay({ environment }: Change, journal: Journal, intended: LedgerEntry): Promise<void> {
  const [rival] = await journal.rivals();
  if (!rival) return;
  await journal.end(intended, "undone");
  const by = rival.run ? `${rival.actor} (${rival.run})` : rival.actor;
  const message = `${by} began a ${rival.act} of ${environment} to ${formatImage(rival.image)} at the same moment, at ${rival.at}`;
  const hint = "Nothing was changed. Wait for the other run to end, look at what it did, then run again.";
  const context = { side: `ledger of ${environment}`, during: "beginning the act", retryable: true };
  throw new WorldError({ code: "promote.locked", message, hint }, context);
}

/** Puts back what ran before and closes the act. @returns a sentence on what stands now; it never throws. */
async function undo(change: Change, journal: Journal, intended: LedgerEntry, before: Running | null): Promise<string> {
  const { platform, environment, signal } = change;
  try {
    const now = await platform.current(signal);
    if (formatSeen(now) !== formatSeen(before)) await putBack(change, intended.before);
    const stands = formatSeen(await platform.current(signal));
    await journal.end(intended, "undone");
    return `${environment} runs ${stands}`;
  } catch (error) {
    return `what ${environment} runs is not settled (${messageOf(error)}); run the command again`;
  }
}

function explained(error: unknown, standing: string): unknown {
  if (error instanceof UserError)
    return new UserError(error.problems.map((p) => ({ ...p, message: `${p.message}; ${standing}` })));
  if (!(error instanceof WorldError)) return error;
  const { problem, side, during, retryable } = error;
  const message = `${problem.message}; ${standing}`;
  return new WorldError({ ...problem, message }, { side, during, retryable, cause: error });
}
