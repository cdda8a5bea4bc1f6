import type { LoadEvent, LoadRun } from "../observations/observations.ts";
import { type StreamNumbers, streamNumbers } from "../statistics/load-numbers.ts";
import { itemsOf, type TimesOf, timeStatistic, type WorthOf } from "./load.ts";
import type { Value } from "./metric.ts";

/** The numbers of a streamed answer, from the intended send; null where it was none. */
function numbersOf({ intended, stream }: LoadEvent): StreamNumbers | null {
  if (!stream || stream.arrivals.length === 0) return null;
  return streamNumbers(
    stream.arrivals.map((at) => at - intended),
    stream.tokens,
  );
}

/** Times that a streamed answer gives; infinite where the request failed. */
const ofStream =
  (times: (numbers: StreamNumbers) => readonly number[]): TimesOf =>
  (event) => {
    if (!event.ok) return [Number.POSITIVE_INFINITY];
    const numbers = numbersOf(event);
    return numbers ? times(numbers) : [];
  };

/** Time to the first token, from the intended send: the first event with content. */
export const ttftOf = ofStream(({ ttft }) => [ttft]);
/** Time per token after the first; none where there is only one. */
export const tpotOf = ofStream(({ tpot }) => (tpot === null ? [] : [tpot]));
/** Gaps between events with content; one event may carry several tokens. */
export const itlOf = ofStream(({ gaps }) => gaps);

/** Whether an answer came in one piece, so that a run has no numbers of streams. */
const isWhole = (event: LoadEvent): boolean => event.ok && numbersOf(event) === null;

/** A statistic of times of streams. One answer that is no stream leaves none: it could not be told whether it was fast. */
export function streamStatistic(load: LoadRun, timesOf: TimesOf, stat: string | null): Value {
  if (load.events.some(isWhole)) return { undefined: "no_stream" };
  const some = load.events.some((event) => event.ok && timesOf(event).length > 0);
  return !some && load.events.some(({ ok }) => ok) ? { undefined: "one_token" } : timeStatistic(load, timesOf, stat);
}

/** What a request adds to the goodput: its items when it succeeded within every bound. One token has no time between tokens. */
export const goodOf: WorthOf = (event, load) => {
  const { latency = null, ttft = null, tpot = null } = load.goodput ?? {};
  const within = (bound: number | null, time: number | null | undefined): boolean =>
    bound === null || time === null || (time !== undefined && time <= bound);
  const numbers = numbersOf(event);
  const good =
    within(latency, event.done - event.intended) && within(ttft, numbers?.ttft) && within(tpot, numbers?.tpot);
  return good ? itemsOf(event, load) : 0;
};

/** Why a run has no goodput, or null. */
export function withoutGoodput({ goodput, events }: LoadRun): string | null {
  if (!goodput) return "no_goodput";
  const streams = goodput.ttft !== null || goodput.tpot !== null;
  return streams && events.some(isWhole) ? "no_stream" : null;
}
