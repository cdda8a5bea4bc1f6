import { joined } from "../domain/golden/batch.ts";
import type { LoadEvent, LoadRun } from "../domain/observations/observations.ts";
import { type LoadPlan, schedule } from "../domain/schedule.ts";
import { blockCount } from "../domain/statistics/load-numbers.ts";
import { xoshiro } from "../domain/statistics/prng.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Crew, Sent } from "../ports/crew.ts";
import type { Session } from "../ports/protocol.ts";
import { findMax } from "./load/find-max.ts";
import { networkFloor } from "./load/floor.ts";
import type { LoadOptions } from "./load/options.ts";
import { offeredRate, selfCheck } from "./load/self-check.ts";
import { type Payloads, sendClosed, sendOpen } from "./load/send.ts";

export type { LoadOptions } from "./load/options.ts";

/** Loads that can be cut into turns. */
type Turning = Exclude<LoadPlan, { profile: "replay" | "offline" }>;

/** Most distinct rows that are sent. */
export const payloadLimit = 2000;

/** Rows put together, so many to a request; the last request takes from the front again what it lacks. */
const batches = (inputs: readonly Tensors[], size: number): Tensors[] =>
  Array.from({ length: Math.ceil(inputs.length / size) }, (_, batch) =>
    joined(Array.from({ length: size }, (__, at) => inputs[(batch * size + at) % inputs.length]!)),
  );

/** The rows that are sent, in an order that the digests decide. */
const sampleOf = ({ seed, inputs }: Pick<LoadOptions, "seed" | "inputs">): Tensors[] =>
  xoshiro(`${seed}|payloads`)
    .shuffle([...inputs])
    .slice(0, payloadLimit);

/** Requests a second that one thread is trusted with (gate specification, 2.3). */
const rateOfThread = 2000;

/** How many threads the greatest rate of an open loop takes. */
function threadsFor({ plan, findMax: search }: LoadOptions): number {
  return Math.ceil(Math.max(offeredRate(plan) ?? 0, search?.to ?? 0) / rateOfThread);
}

/** What is sent to a model, and who sends it. The crew goes when the payloads do. */
function payloadsOf(session: Session, options: LoadOptions): Payloads & AsyncDisposable {
  const { plan } = options;
  const sample = sampleOf(options);
  const items = plan.profile === "offline" ? plan.batch : 1;
  const bodies = items === 1 ? sample : batches(sample, items);
  const threads = threadsFor(options);
  const crew: Crew | null = (threads > 1 && session.hire?.({ bodies, items }, threads)) || null;
  return {
    ...{ calls: bodies.map((inputs, index) => session.prepare(inputs, `load-${index}`)), items },
    ...(crew && { crew }),
    [Symbol.asyncDispose]: async () => crew?.[Symbol.asyncDispose](),
  };
}

/** Puts the load of a plan on an endpoint. @param times when an open loop sends, in ms from now; absent: as the plan has it */
function send(plan: LoadPlan, payloads: Payloads, options: LoadOptions, times = timesOf(plan, options)): Promise<Sent> {
  const { progress } = options;
  if (plan.profile === "stream")
    return sendClosed(
      plan.concurrency,
      (now) => {
        progress(Math.min(1, now / plan.milliseconds));
        return now < plan.milliseconds ? now : null;
      },
      payloads,
      options,
    );
  if (plan.profile !== "offline") return sendOpen(times, payloads, options, progress);
  const requests = Math.ceil(plan.items / plan.batch);
  return sendClosed(
    plan.concurrency,
    (_, sent) => {
      progress(sent / requests);
      return sent < requests ? 0 : null;
    },
    payloads,
    options,
  );
}

/** When the requests of an open loop leave, in ms from its start; none of a closed one. */
function timesOf(plan: LoadPlan, { seed }: LoadOptions): readonly number[] {
  if (plan.profile === "replay") return plan.times;
  if (plan.profile === "stream" || plan.profile === "offline") return [];
  return schedule(plan.profile, plan.ratePerSecond, plan.milliseconds, `${seed}|schedule`);
}

/** Sends before the run, and keeps nothing of it: a quarter of the rate, or the same users. */
async function warmUp(payloads: Payloads, options: LoadOptions): Promise<void> {
  const { plan, warmupMilliseconds: milliseconds, seed } = options;
  const silent = { ...options, progress: () => undefined };
  if (plan.profile === "stream" || plan.profile === "offline")
    await send({ profile: "stream", concurrency: plan.concurrency, milliseconds }, payloads, silent);
  else {
    const rate = Math.max(1, (offeredRate(plan) ?? 1) / 4);
    await sendOpen(schedule("constant", rate, milliseconds, seed), payloads, silent, silent.progress);
  }
}

function runOf(sent: Sent, { plan, allowClosed, goodput, tightestBound }: LoadOptions): LoadRun {
  return {
    profile: plan.profile,
    ratePerSecond: offeredRate(plan),
    ...(allowClosed && { allowClosed }),
    ...(goodput && { goodput }),
    events: sent.events.toSorted((a, b) => a.intended - b.intended),
    inconclusive: selfCheck(sent, plan, tightestBound),
  };
}

/** A request of a turn that began some ms into the run. */
const shifted = ({ stream, ...event }: LoadEvent, by: number): LoadEvent => ({
  ...event,
  intended: event.intended + by,
  sent: event.sent + by,
  done: event.done + by,
  ...(stream && { stream: { ...stream, arrivals: stream.arrivals.map((at) => at + by) } }),
});

/**
 * Puts two endpoints under load in turn, A B B A or B A A B as the digests decide, so that whatever changes on the machines in
 * between meets both alike. Each gets the whole load, both the same requests at the same times; a turn ends when all its answers have come.
 */
async function inTurns(plan: Turning, sides: readonly [Payloads, Payloads], options: LoadOptions) {
  const { f64 } = xoshiro(`${options.seed}|turns`);
  const length = plan.milliseconds / blockCount;
  const times = timesOf(plan, options);
  const all = sides.map((): Sent => ({ events: [], planned: 0, unsent: 0 })) as [Sent, Sent];
  const done = [0, 0];
  const turn = async (side: 0 | 1): Promise<void> => {
    const block = done[side]!++;
    const start = block * length;
    const share = (part: number): void => options.progress((done[0]! + done[1]! - 1 + part) / (2 * blockCount));
    const own = times.filter((time) => Math.floor(time / length) === block).map((time) => time - start);
    const part = { ...plan, milliseconds: length };
    const { events, planned, unsent } = await send(part, sides[side], { ...options, progress: share }, own);
    const later = (event: LoadEvent): LoadEvent => shifted(event, start);
    const sum = all[side];
    all[side] = {
      events: [...sum.events, ...events.map(later)],
      planned: sum.planned + planned,
      unsent: sum.unsent + unsent,
    };
  };
  for (let quad = 0; quad < blockCount / 2; quad++) {
    const [a, b] = f64() < 0.5 ? ([0, 1] as const) : ([1, 0] as const);
    for (const side of [a, b, b, a]) await turn(side);
  }
  return all.map((sent) => ({ ...runOf(sent, options), blockMilliseconds: length })) as [LoadRun, LoadRun];
}

/**
 * A load run, and one of the champion in turn with it where it is asked for. In an open loop latency counts from the intended
 * send, so a stall is seen by every request it delays; in a closed one from when a user was ready to send. A warm-up is not recorded.
 * The greatest rate is looked for last: it may leave the endpoint worn.
 */
export async function load(options: LoadOptions): Promise<{ load: LoadRun; championLoad: LoadRun | null }> {
  const { plan, session, champion } = options;
  await using own = payloadsOf(session, options);
  const floor = await networkFloor(options);
  await warmUp(own, options);
  const told = async (run: LoadRun): Promise<LoadRun> => ({
    ...{ ...run, floor, payloads: Math.min(options.inputs.length, payloadLimit) },
    ...(options.findMax && { search: await findMax(options.findMax, own, options) }),
  });
  if (!champion || plan.profile === "replay" || plan.profile === "offline")
    return { load: await told(runOf(await send(plan, own, options), options)), championLoad: null };
  await using other = payloadsOf(champion, options);
  await warmUp(other, options);
  const [candidate, beside] = await inTurns(plan, [own, other], options);
  return { load: await told(candidate), championLoad: beside };
}
