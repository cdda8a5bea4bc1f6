import { expect, test } from "vitest";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { Row, Rows, Sent } from "../../src/ports/dataset.ts";
import type { Session } from "../../src/ports/protocol.ts";
import type { Spill } from "../../src/ports/spill.ts";
import { askRows } from "../../src/stages/asking.ts";
import { identify, takeIn } from "../../src/stages/rows.ts";

const row = (index: number, more: Partial<Row> = {}): Row => ({
  ...{ id: String(index + 1), line: 2 * index + 2, label: String(index % 3), group: null, partner: null },
  inputs: { x: { dtype: "float32", shape: [1, 2], data: [index, index / 7] } },
  slices: { third: `t${index % 3}`, half: `h${index % 2}` },
  ...more,
});

async function* handedOut(rows: readonly Row[], told: (row: Row) => void = () => undefined) {
  for (const one of rows) {
    told(one);
    yield one;
  }
}

const spillOf = (put: (value: Sent) => void = () => undefined): Spill<Sent> => {
  const values: Sent[] = [];
  return {
    put: (value) => {
      put(value);
      values.push(value);
    },
    get: (index) => values[index]!,
    [Symbol.dispose]: () => undefined,
  };
};

const rows = Array.from({ length: 50 }, (_, index) => row(index));

test.each<[string, readonly Row[]]>([
  ["numbered rows", rows],
  ["rows with names", rows.map((one, index) => ({ ...one, id: index < 20 ? one.id : `n${index}` }))],
  ["rows of several files", rows.map((one, index) => ({ ...one, file: index < 9 ? "a.csv" : "b.csv" }))],
  ["rows of groups", rows.map((one, index) => ({ ...one, group: `g${index % 5}` }))],
  ["pairs with a vector as label", rows.map((one) => ({ ...one, partner: one.inputs, label: [1, 2] }))],
])("%s are known as they were read", async (_, all) => {
  const { rows: read, identity } = await takeIn(handedOut(all), spillOf());
  expect(read).toHaveLength(all.length);
  expect(all.map((_one, index) => ({ ...read.facts(index), ...read.sent(index) }))).toEqual(all);
  expect(identity).toEqual(identify(all));
  expect([...read.order].toSorted((a, b) => a - b)).toEqual([...all.keys()]);
});

test("more texts that differ than are shared are all known", async () => {
  const many = Array.from({ length: 25_000 }, (_, index) => row(index, { label: `text ${index}`, slices: {} }));
  const { rows: read } = await takeIn(handedOut(many), spillOf());
  expect(many.every(({ label }, index) => read.facts(index).label === label)).toBe(true);
});

test("a row is put away before the next one is read", async () => {
  let held = 0;
  let most = 0;
  const spill = spillOf(() => held--);
  await takeIn(
    handedOut(rows, () => (most = Math.max(most, ++held))),
    spill,
  );
  expect([held, most]).toEqual([0, 1]);
});

test("inputs that were not kept are not made up", async () => {
  const { rows: read } = await takeIn(handedOut(rows), null);
  expect(read.facts(3).id).toBe("4");
  expect(() => read.sent(3)).toThrow("were not kept");
});

test.each([1, 8])("with %i at a time no more inputs are held than are being asked", async (concurrency) => {
  let held = 0;
  let most = 0;
  const kept: Rows = {
    length: rows.length,
    order: Uint32Array.from(rows.keys()),
    facts: (index) => rows[index]!,
    sent: (index) => {
      most = Math.max(most, ++held);
      return rows[index]!;
    },
  };
  const outputs = { y: { dtype: "float32" as const, shape: [1, 1], data: [1] } };
  const session = {
    prepare: () => ({
      async send() {
        await new Promise((done) => setImmediate(done));
        held--;
        return { outputs, sent: 0, done: 1 };
      },
    }),
  } as unknown as Session;
  const plan = { task: "regression" as const, classes: [], output: null, threshold: 0.5 };
  const answers = await askRows(
    session,
    rows.map((_, index) => index),
    {
      rows: kept,
      plan,
      concurrency,
      clock: systemClock,
      signal: new AbortController().signal,
      progress: () => undefined,
    },
  );
  expect(answers.map(({ status }) => status)).toEqual(rows.map(() => "ok"));
  expect([held, most]).toEqual([0, concurrency]);
});

test("the identity of rows does not depend on their order, and on all else of them", () => {
  const { digest } = identify(rows);
  expect(identify(rows.toReversed())).toEqual({ digest, rows: 50 });
  const changed = (more: Partial<Row>) => identify([...rows.slice(1), row(0, more)]).digest;
  const others = [
    changed({ id: "other" }),
    changed({ label: "2" }),
    changed({ slices: {} }),
    changed({ inputs: row(1).inputs }),
    identify(rows.slice(1)).digest,
    identify([...rows, rows[0]!]).digest,
  ];
  expect(new Set([digest, ...others]).size).toBe(7);
  expect(changed({ line: 99 })).toBe(digest);
});
