import type { FindMax } from "../../domain/load-search.ts";
import type { GoodputBounds } from "../../domain/observations/observations.ts";
import type { LoadPlan } from "../../domain/schedule.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Session } from "../../ports/protocol.ts";

/** Requests in flight at most: beyond it the client, not the server, is the limit, and the run says so. */
export const inFlightLimit = 4096;

/** How requests are sent and timed. */
export interface Sending {
  timeoutMilliseconds: number;
  clock: Clock;
  signal: AbortSignal;
  /** Requests in flight at most; absent: {@link inFlightLimit}. */
  inFlight?: number;
  /** On the clock; absent: now. */
  start?: number;
}

export interface LoadOptions extends Sending {
  plan: LoadPlan;
  /** Whether gates may take the latency of a closed loop. */
  allowClosed: boolean;
  /** What makes an answer good; null: nothing is said. */
  goodput: GoodputBounds | null;
  /** A search for the greatest rate, after the load itself; null: none. */
  findMax: FindMax | null;
  warmupMilliseconds: number;
  /** Tightest latency bound of the gates in ms, for the generator's check of itself; null without one. */
  tightestBound: number | null;
  seed: string;
  session: Session;
  /** The champion, to be put under load in turn with the candidate; null: it is not asked for, or cannot be had. */
  champion: Session | null;
  /** Real rows; their inputs are sent in a seeded order, over and over. */
  inputs: readonly Tensors[];
  progress: (share: number) => void;
}
