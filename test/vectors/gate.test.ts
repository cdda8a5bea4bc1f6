import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFolder } from "./compare.ts";
import { gateRunners } from "./gate.ts";

const files = checkFolder(join(import.meta.dirname, "../fixtures/vectors"), gateRunners);

test.each(Object.keys(gateRunners))("the reference vectors of %s agree", (name) => {
  const found = files.find(({ file }) => file.replace(/\.json$/, "") === name);
  expect(found?.cases).toBeGreaterThan(0);
  expect(found?.differences).toEqual([]);
});
