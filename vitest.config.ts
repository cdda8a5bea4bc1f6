import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], timeout: number) => ({
  test: { name, include, testTimeout: timeout, hookTimeout: timeout, sequence: { shuffle: true }, expect: { requireAssertions: true } },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/**/*.test.ts", "!test/contracts/**", "!test/e2e/**"].filter((p) => !p.startsWith("!")), 20_000),
      project("contract", ["test/contracts/**/*.test.ts"], 60_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 300_000),
    ],
  },
});
