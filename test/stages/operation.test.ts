import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { LoadRun } from "../../src/domain/observations/observations.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Vitals } from "../../src/ports/platform.ts";
import { coldStart, costPer1k, watchMemory } from "../../src/stages/operation.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakePlatform } from "../fakes/platform.ts";

const { signal } = new AbortController();
const release = {
  image: { repository: "r.example/m", digest: sha256("candidate") },
  model: { digest: sha256("model") },
  protocol: "v2",
} as Release;

describe("memory", () => {
  /** A platform that takes these bytes, one look after the other; the last for ever. */
  const taking = (...looks: (number | null | Error)[]) => {
    let asked = 0;
    const platform = {
      ...fakePlatform(),
      async vitals(): Promise<Vitals> {
        const seen = looks[Math.min(asked++, looks.length - 1)]!;
        if (seen instanceof Error) throw seen;
        return { restarts: 0, memoryBytes: seen };
      },
    };
    return { platform, asked: () => asked };
  };
  const settled = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };

  test("the most that was seen counts, once a second and once more at the end", async () => {
    const clock = fakeClock();
    const { platform, asked } = taking(10, 70, new Error("busy"), null, 30);
    await using watch = watchMemory(platform, clock, signal);
    for (let looks = 1; looks < 4; looks++) {
      await settled(() => asked() === looks);
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1000);
    }
    await settled(() => asked() === 4);
    expect(await watch.end()).toEqual({ value: 70, scores: null });
    expect(asked()).toBe(5);
    clock.advance(10_000);
    expect(asked()).toBe(5);
  });

  test("a peak at the very end is seen", async () => {
    const { platform } = taking(10, 90);
    await using watch = watchMemory(platform, fakeClock(), signal);
    expect(await watch.end()).toHaveProperty("value", 90);
  });

  test.each([
    ["that cannot tell", taking(null).platform],
    ["that has no such ability", fakePlatform()],
    ["that runs nothing", { ...fakePlatform(), vitals: async () => null }],
  ])("a platform %s gives no number", async (_title, platform) => {
    await using watch = watchMemory(platform, fakeClock(), signal);
    expect(await watch.end()).toEqual({ missing: "the platform fake cannot say how much memory it takes" });
  });

  test("a watch that nobody asks ends with what it is watched for", async () => {
    const clock = fakeClock();
    const { platform, asked } = taking(10);
    {
      await using _watch = watchMemory(platform, clock, signal);
      await settled(() => asked() === 1);
    }
    clock.advance(5000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked()).toBe(1);
  });
});

describe("cold start", () => {
  test("is the time that a deployment of its own takes, and nothing is left", async () => {
    const clock = fakeClock();
    const platform = fakePlatform();
    await platform.deploy(release, signal);
    const beside = {
      ...platform,
      async deploy(one: Release, s: AbortSignal) {
        // It may not run there already: that would be no start.
        expect(platform.running).toBeNull();
        clock.advance(1234);
        return platform.deploy(one, s);
      },
    };
    expect(await coldStart(release, { beside, clock, signal })).toEqual({ value: 1234, scores: null });
    expect([platform.running, platform.deployed.length]).toEqual([null, 2]);
  });

  test("that fails gives no number", async () => {
    const platform = fakePlatform();
    platform.neverReady.add(release.image.digest);
    const found = await coldStart(release, { beside: platform, clock: fakeClock(), signal });
    expect(found).toEqual({ missing: expect.stringMatching(/^it could not be started a second time: /) as string });
  });

  test("that is cancelled throws the reason", async () => {
    const stop = new AbortController();
    const beside = {
      ...fakePlatform(),
      deploy: () => {
        stop.abort(new Error("enough"));
        return Promise.reject(new Error("aborted"));
      },
    };
    await expect(coldStart(release, { beside, clock: fakeClock(), signal: stop.signal })).rejects.toThrow("enough");
  });
});

describe("cost", () => {
  const events = (ok: boolean): LoadRun["events"] =>
    Array.from({ length: 101 }, (_, index) => ({ intended: index * 100, sent: index * 100, done: index * 100, ok }));
  const run = (more: Partial<LoadRun> = {}): LoadRun => ({
    ...{ profile: "server", ratePerSecond: 10, events: events(true), inconclusive: null },
    ...more,
  });

  test("is the price of the time that 1,000 answers take", () => {
    // 10.1 answers a second for 3.6 an hour: 0.001 a second.
    expect(costPer1k(run(), 3.6)).toEqual({ value: expect.closeTo(1 / 10.1, 12) as number, scores: null });
  });

  test.each<[string, LoadRun | null, number | null, RegExp]>([
    ["no load test", null, 1, /load and evaluate\.price-per-hour/],
    ["no price", run(), null, /load and evaluate\.price-per-hour/],
    [
      "a load test that fell behind",
      run({ inconclusive: "the generator lagged" }),
      1,
      /says nothing: the generator lagged/,
    ],
    ["no success", run({ events: events(false) }), 1, /no request/],
    ["no request", run({ events: [] }), 1, /no request/],
  ])("%s gives no number", (_title, load, price, missing) => {
    expect(costPer1k(load, price)).toEqual({
      missing: expect.stringMatching(missing) as string,
      ...(load?.inconclusive && { inconclusive: true }),
    });
  });
});
