import { expect, test } from "vitest";
import { usedBytes } from "../../../../src/adapters/platforms/docker/vitals.ts";

test.each([
  ["12.5MiB / 1.944GiB", 12.5 * 2 ** 20],
  ["1.25GiB / 2GiB", 1.25 * 2 ** 30],
  ["512B / 0B", 512],
  ["800KiB / 64MiB", 800 * 1024],
])("docker's %s is read in bytes", (usage, bytes) => {
  expect(usedBytes(usage)).toBe(bytes);
});

test.each(["-- / --", "", "12 / 13", "3.1PB / 4PB"])("%j says nothing", (usage) => {
  expect(usedBytes(usage)).toBeNull();
});
