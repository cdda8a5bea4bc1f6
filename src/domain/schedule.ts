import { xoshiro } from "./statistics/prng.ts";

/** Profiles of load: open loops send on a schedule, whatever the server does; closed ones when an answer has come. */
export const loadProfiles = ["server", "constant", "replay", "stream", "offline"] as const;
export type LoadProfile = (typeof loadProfiles)[number];

/** Whether the next request waits for an answer, so that a slow server is asked less and latency says less than it seems. */
export const isClosed = (profile: string): boolean => profile === "stream" || profile === "offline";

/** Whether a load can be put on two models in turn, block by block: a recording and a batch are one piece. */
export const takesTurns = (profile: string): boolean => profile !== "replay" && profile !== "offline";

/** Most requests of a run: what is kept of each must fit into evidence. */
export const mostRequests = 1_000_000;

/** How requests are sent. */
export type LoadPlan =
  /** Poisson arrivals (`server`), or fixed spacing (`constant`). */
  | { profile: "server" | "constant"; ratePerSecond: number; milliseconds: number }
  /** At these times, in ms from the first. */
  | { profile: "replay"; times: readonly number[] }
  /** Users who each send the next request when the answer to the last one has come. */
  | { profile: "stream"; concurrency: number; milliseconds: number }
  /** All items at once, `batch` to a request, `concurrency` requests in flight. */
  | { profile: "offline"; concurrency: number; batch: number; items: number };

/**
 * Send times in ms from the start of a run, made before it starts: Poisson arrivals (`server`) or fixed spacing (`constant`).
 * Poisson times are not stretched to hit the mean rate: their variance is the point.
 */
export function schedule(
  profile: "server" | "constant",
  ratePerSecond: number,
  milliseconds: number,
  seed: string,
): number[] {
  const random = xoshiro(seed);
  const times: number[] = [];
  const gap = (): number => (profile === "constant" ? 1000 / ratePerSecond : random.exp(ratePerSecond) * 1000);
  for (let at = profile === "constant" ? 0 : gap(); at < milliseconds; at += gap()) times.push(at);
  return times;
}

const dated = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const seconds = /^\d{1,15}(\.\d+)?$/;

/** A time of a line in ms, or NaN. */
const timeOf = (line: string): number =>
  seconds.test(line) ? Number(line) * 1000 : dated.test(line) ? Date.parse(line.replace(" ", "T")) : Number.NaN;

/**
 * Times of recorded requests, in ms from the first: a line each, in seconds (from any origin) or RFC 3339. Blank lines and
 * those that begin with # count for nothing; the order does not matter.
 * @throws RangeError naming the first line that is no time, or when there is none, or too many. `line` from 1, where one is to blame.
 */
export function arrivalTimes(text: string): number[] {
  const times = text.split(/\r?\n/).flatMap((written, index) => {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) return [];
    const time = timeOf(line);
    if (Number.isNaN(time))
      throw Object.assign(new RangeError(`"${line.slice(0, 60)}" is no time`), { line: index + 1 });
    return [time];
  });
  if (times.length === 0) throw new RangeError("it has no times");
  if (times.length > mostRequests)
    throw new RangeError(`it has ${times.length} times, and at most ${mostRequests} fit`);
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.map((time) => time - sorted[0]!);
}
