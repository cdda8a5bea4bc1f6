import { expect, test } from "vitest";
import { pause, systemClock } from "../../../src/adapters/system/clock.ts";

const { signal } = new AbortController();

test("waiting until a time ends at it and never before", async () => {
  for (const ahead of [-5, 0, 0.3, 1, 4, 20]) {
    const at = systemClock.monotonic() + ahead;
    await systemClock.until(at, signal);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(at);
  }
});

test("an abort ends the waiting with the signal's reason, whether it comes before or while it waits", async () => {
  const stop = new AbortController();
  const waiting = [systemClock.until(systemClock.monotonic() + 60_000, stop.signal), pause(60_000, stop.signal)];
  stop.abort(new Error("enough"));
  for (const wait of waiting) await expect(wait).rejects.toThrow("enough");
  await expect(systemClock.until(systemClock.monotonic() + 1, stop.signal)).rejects.toThrow("enough");
  await expect(pause(1, stop.signal)).rejects.toThrow("enough");
});
