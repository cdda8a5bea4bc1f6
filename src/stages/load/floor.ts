import { percentile } from "../../domain/statistics/load-numbers.ts";
import type { LoadOptions } from "./options.ts";

const rounds = 9;

/**
 * The median round trip of asking whether the endpoint is ready, in ms: what an answer takes that costs the model nothing. The
 * first, which may have to connect, does not count. Null when the endpoint does not answer.
 */
export async function networkFloor({
  session,
  clock,
  signal,
  timeoutMilliseconds,
}: LoadOptions): Promise<number | null> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const asked = clock.monotonic();
    try {
      await session.ready(AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]));
    } catch {
      signal.throwIfAborted();
      return null;
    }
    if (round > 0) times.push(clock.monotonic() - asked);
  }
  return percentile(Float64Array.from(times).toSorted(), 0.5);
}
