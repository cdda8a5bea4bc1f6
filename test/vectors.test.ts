import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkFolder } from "./vectors/compare.ts";
import { runners } from "./vectors/index.ts";

const checked = checkFolder(join(import.meta.dirname, "fixtures/vectors"), runners);

describe("the shipped code agrees with the reference vectors", () => {
  test.each(checked.filter(({ differences }) => differences !== null))("$file", ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

test("every runner has a vector file", () => {
  expect(Object.keys(runners).filter((name) => !checked.some(({ file }) => file === name))).toEqual([]);
});
