import { describe, expect, test } from "vitest";
import { scenarios } from "./margins.ts";
import { passedAtPrinted, promising } from "./power.ts";
import { judged, mostByChance, sameMethod } from "./scenario.ts";
import { planted } from "./slices.ts";

/** A look at what `npm run simulate` looks at closely: enough runs to see a bound that is broken, few enough for seconds. */
const runsOf = (method: string): number => (method === "bootstrap-bca" ? 25 : 200);

describe("a model exactly on the bound is seldom promoted, and seldom failed", () => {
  const titled = scenarios.map(
    (scenario) => [`${scenario.method}: ${scenario.check}, n = ${scenario.n}${scenario.note ?? ""}`, scenario] as const,
  );
  test.each(titled)("%s", (_, scenario) => {
    const runs = runsOf(scenario.method);
    const results = judged(scenario, runs, "short");
    sameMethod(scenario, results);
    const most = mostByChance(runs, scenario.level ?? 1 - results[0]!.confidence!);
    const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
    expect(count("pass")).toBeLessThanOrEqual(most);
    expect(count("fail")).toBeLessThanOrEqual(most);
  });
});

test.each(promising.filter(({ method }) => ["tango", "t", "delong"].includes(method)))(
  "$check is passed as often as its sentence says at the rows it names",
  (scenario) => {
    const { measured, allowed } = passedAtPrinted(scenario, 100);
    expect(measured).toBeGreaterThanOrEqual(allowed);
  },
);

test("a regression planted in one of 50 slices is named, it alone, and never promoted", () => {
  const { named, promoted } = planted(5);
  expect(promoted).toBe(0);
  expect(named).toBeGreaterThanOrEqual(4);
});
