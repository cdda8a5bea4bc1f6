import { randomBytes } from "node:crypto";
import { WorldError } from "../../../domain/problem.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Lease } from "../../../ports/ledger-store.ts";
import { pause } from "../../system/clock.ts";
import { type Claim, endClaim, inTurn, type LivingClaim, livingClaims, putClaim } from "./claims.ts";
import { thisProcess } from "./holder.ts";
import type { LedgerPlace } from "./read.ts";

const releaseTimeout = 15_000;
/** The first and the longest time between two looks at the claims, in milliseconds. */
const [firstPause, longestPause] = [50, 1000];

/** The error when another run has the environment, or goes first. */
const locked = (environment: string, why: string, hint: string): WorldError =>
  new WorldError(
    { code: "promote.locked", message: `${environment} is being changed by another run: ${why}`, hint },
    { side: `ledger of ${environment}`, during: "taking the environment for this run", retryable: true },
  );

const heldBy = (environment: string, { owner, expires }: LivingClaim): WorldError =>
  locked(
    environment,
    `${owner} holds it until ${expires.toISOString()}`,
    "Wait for it to end, then run again. If it was killed on another machine, its lease runs out at that time.",
  );

interface LeaseRequest {
  owner: string;
  milliseconds: number;
  /** How long the others are given to withdraw, in milliseconds. */
  patience: number;
}

/**
 * Takes an environment for one act, without compare-and-swap: a claim is put, as a tag of its own, and then all claims are
 * read. Whoever sees no other living claim beside its own has the environment: of two claims, the one that was put later sees
 * the other, so there are never two that see none. Of those that see each other the first in turn waits for the others to
 * withdraw, and the others withdraw, so that one gets through.
 *
 * It holds where a tag is in every list of tags that is begun after it was put, and where clocks agree within a minute. A
 * registry that does not list our own claim is told so instead of believed. Behind it stands the ledger: see `carryOut`.
 * @throws WorldError `promote.locked`, naming the holder and the expiry.
 */
export async function takeLease(
  place: LedgerPlace,
  clock: Clock,
  request: LeaseRequest,
  signal: AbortSignal,
): Promise<Lease> {
  const { environment } = place;
  const [holder] = await livingClaims(place, clock, signal);
  if (holder) throw heldBy(environment, holder);
  const claim: Claim = {
    id: randomBytes(16).toString("hex"),
    owner: request.owner,
    expires: new Date(clock.now().getTime() + request.milliseconds),
    holder: await thisProcess(),
  };
  try {
    await putClaim(place, claim, signal);
    await alone(place, clock, { claim, patience: request.patience }, signal);
  } catch (error) {
    await giveBack(place, claim);
    throw error;
  }
  return {
    id: claim.id,
    owner: claim.owner,
    expires: claim.expires,
    [Symbol.asyncDispose]: () => giveBack(place, claim),
  };
}

/** Resolves when no other claim lives. @throws WorldError `promote.locked` when another one goes first or does not end. */
async function alone(
  place: LedgerPlace,
  clock: Clock,
  { claim, patience }: { claim: Claim; patience: number },
  signal: AbortSignal,
): Promise<void> {
  const { environment } = place;
  const deadline = performance.now() + patience;
  for (let look = 1; ; look++) {
    const late = performance.now() > deadline;
    const living = await livingClaims(place, clock, signal);
    const others = living.filter(({ id }) => id !== claim.id);
    const listed = others.length < living.length;
    if (listed && others.length === 0) return;
    const [first] = others;
    if (first && (late || inTurn(first, claim) < 0)) throw heldBy(environment, first);
    if (late)
      throw locked(
        environment,
        `${place.store.repository} does not list the claim that was just put there`,
        "Its list of tags is behind. Try again later; if it stays so, use another registry for what is promoted.",
      );
    await pause(Math.min(longestPause, firstPause * 1.5 ** look), signal);
  }
}

/** Ends a claim, also after the run was told to stop. It runs out by itself: the outcome of the act matters more than this. */
const giveBack = (place: LedgerPlace, claim: Claim): Promise<void> =>
  endClaim(place, claim, AbortSignal.timeout(releaseTimeout)).catch(() => undefined);
