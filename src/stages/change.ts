import type { Digest } from "../domain/digest.ts";
import type { Image } from "../domain/image.ts";
import { entryDigest, type LedgerEntry, openAct } from "../domain/ledger.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Release, Running, Source } from "../domain/release.ts";
import { isSame } from "../domain/verdict.ts";
import type { Clock } from "../ports/clock.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
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
}

/** The history of an environment while this run may add to it. */
interface Journal {
  readonly entries: readonly LedgerEntry[];
  write(act: Act, phase: LedgerEntry["phase"]): Promise<void>;
}
type Act = Pick<LedgerEntry, "act" | "image" | "modelDigest" | "before" | "verdict" | "reason">;

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
  await using _lease = await ledger.lease(environment, owner, leaseMilliseconds, signal);
  using limit = timeLimit(change);
  const limited = { ...change, signal: limit.signal };
  const journal = await openJournal(limited);
  return await work(limited, journal, await settle(limited, journal));
}

/** A signal that also aborts when the lease runs out. */
function timeLimit({ clock, signal, environment }: Change): { signal: AbortSignal } & Disposable {
  const over = new AbortController();
  const stop = new AbortController();
  const problem = {
    code: "promote.locked" as const,
    message: `changing ${environment} took longer than ${leaseMilliseconds / 60_000} minutes; the act was left open`,
    hint: "Look at why the platform takes so long, then run the command again: it settles what was left.",
  };
  const context = { side: `platform of ${environment}`, during: "changing what it runs", retryable: true };
  clock.until(clock.monotonic() + leaseMilliseconds, stop.signal).then(
    () => over.abort(new WorldError(problem, context)),
    () => undefined,
  );
  return { signal: AbortSignal.any([signal, over.signal]), [Symbol.dispose]: () => stop.abort() };
}

async function openJournal({ ledger, environment, source, clock, signal }: Change): Promise<Journal> {
  const entries = [...(await ledger.read(environment, signal))];
  return {
    entries,
    async write({ act, image, modelDigest, before, verdict, reason }, phase) {
      const last = entries.at(-1);
      const place = { environment, sequence: entries.length + 1, previous: last ? entryDigest(last) : null };
      const who = { actor: source.actor, at: clock.now().toISOString() };
      const entry = { ...place, phase, act, image, modelDigest, before, verdict, reason, ...who };
      await ledger.append(entry, signal);
      entries.push(entry);
    },
  };
}

/**
 * Closes the act that a killed run left open, by what the platform says. When it left nothing running, or the release with
 * other bytes, what ran before is put back first. @returns the closing entry.
 */
async function settle(change: Change, journal: Journal): Promise<LedgerEntry | null> {
  const { platform, environment, note, signal } = change;
  const open = openAct(journal.entries);
  if (!open) return null;
  const running = await platform.current(signal);
  const phase = running && isSame(running, open) ? "done" : "undone";
  const left = `a ${open.act} of ${environment} to ${formatSeen(open)} was left open at ${open.at}`;
  note(`${left}; the platform runs ${formatSeen(running)}, so it is ${phase}`);
  const half = running ? running.image.digest === open.image.digest : open.before !== null;
  if (phase === "undone" && half)
    await putBack(change, open.before).catch((error: unknown) =>
      note(`what ran before it could not be put back: ${messageOf(error)}`),
    );
  await journal.write(open, phase);
  return journal.entries.at(-1)!;
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
  intent: { act: LedgerEntry["act"]; release: Release; verdict: Digest | null },
): Promise<Changed> {
  const { platform, signal } = change;
  const { release } = intent;
  const before = await platform.current(signal);
  const last = journal.entries.findLast(({ phase }) => phase === "done");
  if (before && isSame(before, seenOf(release)) && last && isSame(last, before))
    return { release, running: before, before: last.before, deployment: null };
  const act = {
    ...seenOf(release),
    act: intent.act,
    before: before?.image ?? null,
    verdict: intent.verdict,
    reason: change.reason.slice(0, reasonLength),
  };
  await journal.write(act, "intended");
  const deployment = await deploy(release, platform, signal).catch(async (error: unknown) => {
    throw explained(error, await undo(change, journal, act, before));
  });
  await journal.write(act, "done");
  return { release, running: deployment.running, before: act.before, deployment };
}

/** Puts back what ran before and closes the act. @returns a sentence on what stands now; it never throws. */
async function undo(change: Change, journal: Journal, act: Act, before: Running | null): Promise<string> {
  const { platform, environment, signal } = change;
  try {
    const now = await platform.current(signal);
    if (formatSeen(now) !== formatSeen(before)) await putBack(change, act.before);
    const stands = formatSeen(await platform.current(signal));
    await journal.write(act, "undone");
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
