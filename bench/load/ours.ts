// node bench/load/ours.ts URL RATE MILLISECONDS: one run of the shipped load generator at fixed spacing. Prints its numbers as JSON.
import { join } from "node:path";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { startCrew, threadsHere } from "../../src/adapters/system/threads.ts";
import type { Session } from "../../src/ports/protocol.ts";
import { load } from "../../src/stages/load.ts";
import { told } from "./told.ts";

const [url = "", rate, milliseconds] = process.argv.slice(2);
const endpoint = { url, protocol: "v2" };
await using alone = v2.connect(endpoint, "m");
const session: Session = {
  ...alone,
  hire(calls, wanted) {
    const threads = threadsHere(wanted);
    const start = { kind: "v2", endpoint, model: "m", options: {}, ...calls };
    return threads > 1 ? startCrew(join(import.meta.dirname, "../../test/fakes/load-thread.ts"), threads, start) : null;
  },
};
const inputs = Array.from({ length: 200 }, (_, row) => ({
  x: { dtype: "float32" as const, shape: [1, 64], data: Array.from({ length: 64 }, (__, at) => (row + at * 7) % 17) },
}));
const used = process.cpuUsage();
const { load: run } = await load({
  plan: { profile: "constant", ratePerSecond: Number(rate), milliseconds: Number(milliseconds) },
  ...{ allowClosed: false, goodput: null, findMax: null, warmupMilliseconds: 1000, timeoutMilliseconds: 10_000 },
  ...{ tightestBound: null, seed: "bench", session, champion: null, inputs, clock: systemClock },
  signal: new AbortController().signal,
  progress: () => undefined,
});
told(
  run.events.map(({ intended, sent }) => sent - intended),
  run.events.map(({ intended, done }) => done - intended),
  used,
);
