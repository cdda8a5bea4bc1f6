import { expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { attemptOf, loadTest } from "../../src/commands/load-test.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import type { Config } from "../../src/config/config.ts";
import { checkOf } from "../../src/domain/gate/decide.ts";
import type { Observations } from "../../src/domain/observations/observations.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Row } from "../../src/ports/dataset.ts";
import { loadSections } from "../../src/reports/load.ts";
import { context, rightOrNot, wrongFirst } from "../domain/gate/observed.ts";
import { rowsOf } from "../fakes/rows.ts";
import { type Answering, thresholding, v2Server } from "../fakes/v2-server.ts";
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
  maxAttempts = 1,
  answering = thresholding,
} = {}) {
  await using server = await v2Server(answering);
  await using champion = await v2Server(thresholding);
  const notes: string[] = [];
  const load = {
    plan,
    maxAttempts,
    allowClosed: false,
    goodput: null,
    findMax: null,
    warmupMilliseconds: 0,
    timeoutMilliseconds: 5000,
  };
  const shop = {
    config: { file: "modelgate.yml", load, gates: gates.map(checkOf) },
    clock: systemClock,
    host: { note: (text: string) => notes.push(text) },
    readText: async () => text,
    resolve: (path: string) => path,
  } as unknown as Workshop;
  const inputs = release.model.inputs.map((spec) => (open ? spec : { ...spec, shape: [1, 1] }));
  const about = {
    session: v2.connect(server.endpoint, "m"),
    champion: { session: v2.connect(champion.endpoint, "m"), image: release.image },
    model: { ...release.model, inputs },
    ...{ rows: rowsOf(rows), seed: "s" },
    judge: (loads: Pick<Observations, "load" | "championLoad">) =>
      attemptOf(shop, { ...rightOrNot(wrongFirst(10, 0), wrongFirst(10, 0)), ...loads }, context),
  };
  const loads = await loadTest(shop, about, signal);
  return { ...loads, asked: champion.requests(), notes };
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

test("a load whose gates do not pass is put again, as often as is said, and every run is told", async () => {
  const gates = ["error_rate <= 0.1%", "latency.p99 <= 10s", "accuracy >= 0.9"];
  const failing =
    (until: number): Answering =>
    (request, count) =>
      count <= until ? { status: 500, body: "{}" } : thresholding(request, count);
  const second = await tested({ gates, maxAttempts: 3, answering: failing(10) });
  expect(second.load).toMatchObject({
    events: Array.from({ length: 10 }, () => ({ ok: true })),
    attempts: [
      {
        checks: [
          { text: "error_rate <= 0.1%", status: "fail", value: 1 },
          { text: "latency.p99 <= 10s", status: expect.not.stringMatching("pass") },
        ],
      },
    ],
  });
  expect(second.notes).toContainEqual(
    expect.stringMatching(/attempt 1 of 3 did not pass: error_rate <= 0\.1% fail; latency/),
  );
  const [load] = loadSections({ load: second.load, championLoad: null }, []);
  expect(load?.notes[0]).toMatch(/^attempt 1 of 2: error_rate <= 0\.1% fail \(1\); .* The last counts$/);
  const never = await tested({ gates, maxAttempts: 2, answering: failing(1000) });
  expect(never.load?.attempts).toHaveLength(1);
  expect(never.load?.events.every(({ ok }) => !ok)).toBe(true);
  const once = await tested({ gates, answering: failing(10) });
  expect(once.load).not.toHaveProperty("attempts");
  const well = await tested({ gates, maxAttempts: 3 });
  expect([well.load?.events.length, well.load?.attempts]).toEqual([10, undefined]);
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
