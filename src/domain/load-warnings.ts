import { type Check, comparisonsOf } from "./gate/decide.ts";
import type { LoadRun } from "./observations/observations.ts";
import { blockCount, percentile } from "./statistics/load-numbers.ts";

/** Fewer different rows than these, and a cache may answer for the model. */
const fewPayloads = 100;
const leastInBlock = 5;
const unsteady = 1.5;
const floors = 3;

/** The medians of the latency of successes in blocks of equal time, in ms; of blocks with enough of them. */
function blockMedians({ events }: LoadRun): number[] {
  const last = events.reduce((most, { intended }) => Math.max(most, intended), 0);
  const blocks = Array.from({ length: blockCount }, (): number[] => []);
  for (const { intended, done, ok } of events)
    if (ok) blocks[Math.min(blockCount - 1, Math.floor((intended / last) * blockCount))]?.push(done - intended);
  return blocks
    .filter((block) => block.length >= leastInBlock)
    .map((block) => percentile(Float64Array.from(block).toSorted(), 0.5));
}

/** Greatest over least median of the blocks of a run; null where fewer than two blocks tell. A run as a whole is steady below 1.5. */
export function unsteadiness(run: LoadRun): number | null {
  const medians = blockMedians(run);
  return medians.length < 2 ? null : Math.max(...medians) / Math.min(...medians);
}

/** What makes the numbers of a run say less than they seem to; sentences. None of it decides. */
export function loadWarnings(run: LoadRun, checks: readonly Check[]): string[] {
  const { payloads, floor, events } = run;
  const ratio = unsteadiness(run);
  const near = checks
    .flatMap(comparisonsOf)
    .filter(
      ({ parsed: { metric, right } }) =>
        ["latency", "ttft"].includes(metric) && right.kind === "value" && right.value < floors * (floor ?? 0),
    );
  return [
    ...(payloads !== undefined && payloads < fewPayloads
      ? [
          `only ${payloads} different rows are sent, and at least ${fewPayloads} should be: a cache may answer for the model`,
        ]
      : []),
    ...(ratio !== null && ratio > unsteady
      ? [
          `not stationary: the median latency of the slowest of ${blockCount} blocks is ${ratio.toFixed(1)} times that of the fastest`,
        ]
      : []),
    ...near.map(
      ({ text }) =>
        `${text} is less than ${floors} times the network floor of ${floor!.toFixed(1)} ms: the way to the endpoint decides`,
    ),
    ...(events.some(({ stream }) => stream?.counted === false)
      ? ["the server does not count tokens: events with content were counted, and one may carry several tokens"]
      : []),
  ];
}
