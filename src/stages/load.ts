import { joined } from "../domain/golden/batch.ts";
import type { LoadRun } from "../domain/observations/observations.ts";
import { type LoadPlan, schedule } from "../domain/schedule.ts";
import { xoshiro } from "../domain/statistics/prng.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { LoadOptions } from "./load/options.ts";
import { offeredRate, selfCheck } from "./load/self-check.ts";
import { type Payloads, type Sent, sendClosed, sendOpen } from "./load/send.ts";

export type { LoadOptions } from "./load/options.ts";

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

function payloadsOf({ plan, session, ...options }: LoadOptions): Payloads {
  const sample = sampleOf(options);
  const items = plan.profile === "offline" ? plan.batch : 1;
  const bodies = items === 1 ? sample : batches(sample, items);
  return { calls: bodies.map((inputs, index) => session.prepare(inputs, `load-${index}`)), items };
}

/** Puts the load of a plan on an endpoint. */
function send(plan: LoadPlan, payloads: Payloads, options: LoadOptions): Promise<Sent> {
  const { progress, seed } = options;
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
  if (plan.profile === "offline") {
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
  const times =
    plan.profile === "replay"
      ? plan.times
      : schedule(plan.profile, plan.ratePerSecond, plan.milliseconds, `${seed}|schedule`);
  return sendOpen(times, payloads, options, progress);
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

/**
 * A load run. In an open loop latency counts from the intended send, so a stall is seen by every request it delays; in a
 * closed one from when a user was ready to send. A warm-up is not recorded.
 */
export async function load(options: LoadOptions): Promise<LoadRun> {
  const { plan, allowClosed, tightestBound } = options;
  const payloads = payloadsOf(options);
  await warmUp(payloads, options);
  const sent = await send(plan, payloads, options);
  return {
    profile: plan.profile,
    ratePerSecond: offeredRate(plan),
    ...(allowClosed && { allowClosed }),
    events: sent.events.toSorted((a, b) => a.intended - b.intended),
    inconclusive: selfCheck(sent, plan, tightestBound),
  };
}
