import { join } from "node:path";
import { expect, test } from "vitest";
import { startCrew } from "../../src/adapters/system/threads.ts";
import { thresholding, v2Server } from "../fakes/v2-server.ts";

const dist = process.env["MODELGATE_DIST"] ?? join(import.meta.dirname, "../../dist");

test("the bundle's threads send", async () => {
  await using server = await v2Server(thresholding);
  const bodies = [{ x: { dtype: "float32" as const, shape: [1, 1], data: [0.5] } }];
  const start = { kind: "v2", endpoint: server.endpoint, model: "m", options: {}, bodies, items: 1 };
  await using crew = startCrew(join(dist, "thread.js"), 2, start);
  const limits = { timeoutMilliseconds: 5000, inFlight: 100 };
  const { events } = await crew.send([0, 10, 20, 30], limits, () => null, new AbortController().signal);
  expect(events.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  expect(events.map(({ intended }) => intended).toSorted((a, b) => a - b)).toEqual([0, 10, 20, 30]);
});
