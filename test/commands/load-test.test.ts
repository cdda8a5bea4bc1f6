import { expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { loadTest } from "../../src/commands/load-test.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import type { Config } from "../../src/config/config.ts";
import { checkOf } from "../../src/domain/gate/decide.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Row } from "../../src/ports/dataset.ts";
import { rowsOf } from "../fakes/rows.ts";
import { thresholding, v2Server } from "../fakes/v2-server.ts";
import { release } from "../stages/smoke/served.ts";

const { signal } = new AbortController();
const rows = [0.1, 0.7].map(
  (x, at): Row => ({
    ...{ id: `r${at}`, line: at + 2, label: "1", group: null, partner: null, slices: {} },
    inputs: { x: { dtype: "float32", shape: [1, 1], data: [x] } },
  }),
);
const constant = { profile: "constant", ratePerSecond: 100, milliseconds: 100 } as const;

/** Puts a load on a server, with a champion beside it, as a configuration says. */
async function tested({
  plan = constant as NonNullable<Config["load"]>["plan"],
  gates = [] as string[],
  text = null as string | null,
  open = true,
} = {}) {
  await using server = await v2Server(thresholding);
  await using champion = await v2Server(thresholding);
  const load = {
    plan,
    allowClosed: false,
    goodput: null,
    findMax: null,
    warmupMilliseconds: 0,
    timeoutMilliseconds: 5000,
  };
  const shop = {
    config: { file: "modelgate.yml", load, gates: gates.map(checkOf) },
    clock: systemClock,
    host: { note: () => undefined },
    readText: async () => text,
    resolve: (path: string) => path,
  } as unknown as Workshop;
  const inputs = release.model.inputs.map((spec) => (open ? spec : { ...spec, shape: [1, 1] }));
  const about = {
    session: v2.connect(server.endpoint, "m"),
    champion: { session: v2.connect(champion.endpoint, "m"), image: release.image },
    model: { ...release.model, inputs },
    ...{ rows: rowsOf(rows), seed: "s" },
  };
  const loads = await loadTest(shop, about, signal);
  return { ...loads, asked: champion.requests() };
}

const refusal = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw new Error("expected a user's error", { cause: error });
  const { code, message, at } = error.problems[0]!;
  return { code, message, at };
};

test("only when a gate compares loads is the champion put under one", async () => {
  const alone = await tested({ gates: ["latency.p99 <= 1s", "accuracy >= champion"] });
  expect([alone.asked, alone.championLoad, alone.load?.events.length]).toEqual([0, null, 10]);
  const beside = await tested({ gates: ["latency.p99 <= champion * 1.2"] });
  expect([beside.asked, beside.championLoad?.events.length, beside.load?.events.length]).toEqual([10, 10, 10]);
});

test("recorded times come from the file that is named, and its line is to blame", async () => {
  const plan = { profile: "replay", arrivals: "traffic.txt" } as const;
  const { load } = await tested({ plan, text: "7.01\n7\n" });
  expect(load!.events.map(({ intended }) => Math.round(intended))).toEqual([0, 10]);
  expect(await refusal(tested({ plan, text: "7\nsoon\n" }))).toMatchObject({
    code: "data.value",
    message: 'traffic.txt: "soon" is no time',
    at: { file: "traffic.txt", line: 2 },
  });
  expect(await refusal(tested({ plan }))).toMatchObject({ code: "data.not-found", at: { file: "traffic.txt" } });
});

test("offline sends each row once, and no batches to a model that takes none", async () => {
  const plan = { profile: "offline", concurrency: 1, batch: 2, items: null } as const;
  const { load } = await tested({ plan });
  expect(load!.events.map(({ items, ok }) => [items, ok])).toEqual([[2, true]]);
  expect(await refusal(tested({ plan, open: false }))).toMatchObject({
    code: "config.value",
    at: { key: "load.batch" },
  });
});
