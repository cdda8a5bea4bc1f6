import type { LoadEvent } from "../domain/observations/observations.ts";
import type { Tensors } from "../domain/tensor.ts";

/** What came of sending; `planned` counts what was to be sent, and `unsent` what was not because the client was full. */
export interface Sent {
  events: LoadEvent[];
  planned: number;
  unsent: number;
  /** Why it ended before all was sent; absent: it did not. */
  stopped?: string;
}

/** What has been seen of a run so far: its answers in the order in which they were told, how many requests wait, and how far the schedule is. */
export interface SoFar {
  events: readonly LoadEvent[];
  flying: number;
  intended: number;
  /** Requests whose time has come. */
  due: number;
}

/** Threads that send from the same prepared calls, a share of the schedule each, on one clock. */
export interface Crew extends AsyncDisposable {
  /**
   * Sends each request at its time, in ms from a start that is the same for all; request i is call i, over and over.
   * @param look told from time to time what was seen: why nothing more is to be sent, or null.
   * @throws the signal's reason when it aborts; what a thread failed of.
   */
  send(
    times: readonly number[],
    limits: { timeoutMilliseconds: number; inFlight: number },
    look: (soFar: SoFar) => string | null,
    signal: AbortSignal,
  ): Promise<Sent>;
}

/** What the calls of a crew are made of, and how many rows each has. */
export interface CrewCalls {
  bodies: readonly Tensors[];
  items: number;
}
