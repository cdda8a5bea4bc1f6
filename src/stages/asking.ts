import { WorldError } from "../domain/problem.ts";
import { type Prediction, type ReadingPlan, readPrediction } from "../domain/reading.ts";
import type { Clock } from "../ports/clock.ts";
import type { Row } from "../ports/dataset.ts";
import type { Session } from "../ports/protocol.ts";

/** What came of one row. */
export interface RowAnswer {
  prediction: Prediction | null;
  /** `ok`, or why there is no prediction. */
  status: string;
  /** Milliseconds of the last try; null when it got no answer. */
  latency: number | null;
}

interface Asking {
  rows: readonly Row[];
  plan: ReadingPlan;
  concurrency: number;
  clock: Clock;
  signal: AbortSignal;
  progress: (share: number) => void;
}

/** Waits before the second, third and fourth try, in ms, give or take a quarter. */
const backoff = [500, 1000, 2000];
/** A server that asks for a longer pause is not asked again. */
const longestPause = 60_000;
const timeoutMilliseconds = 30_000;

/** How long to wait before the next try; null when there is none: only trouble that may pass is worth one. */
function pauseAfter(error: unknown, tried: number): number | null {
  const base = backoff[tried - 1];
  if (base === undefined || !(error instanceof WorldError) || !error.retryable) return null;
  const asked = error.retryAfter ?? 0;
  return asked > longestPause ? null : Math.max(asked, base * (0.75 + Math.random() / 2));
}

/** Asks one row, again only when the connection or the server's load was the trouble. */
async function askRow(session: Session, row: Row, { plan, clock, signal }: Asking): Promise<RowAnswer> {
  const call = session.prepare(row.inputs, row.id);
  for (let tried = 1; ; tried++)
    try {
      const answer = await call.send(AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]));
      const latency = answer.done - answer.sent;
      try {
        return { prediction: readPrediction(answer.outputs, plan), status: "ok", latency };
      } catch (error) {
        return { prediction: null, status: (error as Error).message, latency };
      }
    } catch (error) {
      signal.throwIfAborted();
      const pause = pauseAfter(error, tried);
      if (pause === null)
        return { prediction: null, status: error instanceof Error ? error.message : String(error), latency: null };
      await clock.until(clock.monotonic() + pause, signal);
    }
}

/** Sends rows in the given order, a few at a time. @returns the answers in the order of the rows. */
export async function askRows(session: Session, order: readonly number[], asking: Asking): Promise<RowAnswer[]> {
  const answers: RowAnswer[] = Array.from({ length: order.length });
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < order.length; at = next++) {
      const index = order[at]!;
      answers[index] = await askRow(session, asking.rows[index]!, asking);
      asking.progress(++done / order.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(asking.concurrency, order.length) }, worker));
  return answers;
}
