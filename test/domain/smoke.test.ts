import { describe, expect, test } from "vitest";
import type { Json } from "../../src/domain/canonical.ts";
import { hasPassed, isWell, type SmokeStep } from "../../src/domain/smoke.ts";

const step = (level: string, ok: boolean): Json => ({ id: "S1", level, ok, detail: "", took: 1 });
const passed = (...steps: Json[]): boolean => hasPassed({ passed: true, steps });

describe("a report read back has passed", () => {
  test("when something was tried, and nothing that is required failed", () => {
    expect(passed(step("required", true))).toBe(true);
    expect(passed(step("required", true), step("advisory", false), step("skipped", false))).toBe(true);
  });

  test("not when a required step failed, whatever it says of itself", () => {
    expect(passed(step("required", true), step("required", false))).toBe(false);
    expect(hasPassed({ passed: false, steps: [step("required", true)] })).toBe(false);
  });

  test("not when nothing was tried", () => {
    expect([passed(), passed(step("skipped", false)), passed(step("advisory", false))]).toEqual([false, false, false]);
  });

  test.each([
    null,
    1,
    [],
    {},
    { passed: true },
    { passed: true, steps: [null] },
    { passed: true, steps: {} },
  ] as Json[])("not when it is %j", (body) => {
    expect(hasPassed(body)).toBe(false);
  });

  test("not when a step is of a level nobody knows", () => {
    expect(passed(step("required", true), step("optional", false))).toBe(false);
  });
});

test("steps are well while none that is required failed", () => {
  const of = (level: SmokeStep["level"], ok: boolean) => ({ level, ok });
  expect(isWell([of("required", true), of("advisory", false), of("skipped", false)])).toBe(true);
  expect(isWell([of("required", false)])).toBe(false);
});
