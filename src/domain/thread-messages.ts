import type { LoadEvent } from "./observations/observations.ts";
import type { Tensors } from "./tensor.ts";

/** What a thread of the load generator is given when it starts: plain data, since no function can cross. */
export interface ThreadStart<Options> {
  kind: string;
  endpoint: { url: string; protocol: string };
  model: string;
  options: Options;
  bodies: readonly Tensors[];
  items: number;
  /** Its place among the threads, from 0. */
  place: number;
  threads: number;
}

/** To a thread. Times are in ms from the start; `start` is on the clock that all threads of a process have (`process.hrtime`), in ms. */
export type ToThread =
  | { type: "set"; times: Float64Array; timeoutMilliseconds: number; inFlight: number }
  | { type: "go"; start: number }
  | { type: "stop"; reason: string };

/** From a thread. `answered`: since it told the last time. */
export type FromThread =
  | { type: "set" }
  | { type: "seen"; answered: readonly LoadEvent[]; flying: number; intended: number; due: number }
  | { type: "done"; answered: readonly LoadEvent[]; unsent: number; stopped?: string };
