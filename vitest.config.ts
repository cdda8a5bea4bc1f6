import { defineConfig } from "vitest/config";

const project = (
  name: string,
  options: { include: string[]; exclude?: string[]; timeout: number; alone?: boolean },
) => ({
  test: {
    name,
    include: options.include,
    exclude: [...(options.exclude ?? []), "**/node_modules/**"],
    testTimeout: options.timeout,
    hookTimeout: options.timeout,
    // Tests that put a load on a server have the machine to themselves: a busy one would make the load generator lag.
    sequence: { shuffle: true, groupOrder: options.alone ? 1 : 0 },
    fileParallelism: !options.alone,
    ...(options.alone && { maxWorkers: 1 }),
    expect: { requireAssertions: true },
  },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", {
        include: ["test/**/*.test.ts"],
        exclude: ["test/contracts/**", "test/e2e/**", "test/embedded/**", "test/interop/**"],
        timeout: 20_000,
      }),
      project("contract", { include: ["test/contracts/**/*.test.ts"], timeout: 60_000 }),
      // The built bundle on the embedded platform: needs nothing but Node.
      project("embedded", { include: ["test/embedded/**/*.test.ts"], timeout: 300_000, alone: true }),
      // Real engines: .ci/run installs them.
      project("e2e", { include: ["test/e2e/**/*.test.ts"], timeout: 300_000, alone: true }),
      // cosign and gh, built from source: npm run test:interop.
      project("interop", { include: ["test/interop/**/*.test.ts"], timeout: 300_000, alone: true }),
    ],
  },
});
