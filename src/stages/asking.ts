import { WorldError } from "../domain/problem.ts";
import type { RowAnswer } from "../domain/reading/row-answer.ts";
import { type ReadingPlan, readPrediction } from "../domain/reading.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { Rows } from "../ports/dataset.ts";
import type { Session } from "../ports/protocol.ts";
import { type Limits, limitsOf } from "./limits.ts";

interface Asking {
  rows: Rows;
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

/** With the time limit of a request: one that ran on for each answered row would hold thousands of timers. */
type Limited = Asking & { limits: Limits };

type Asked = Omit<RowAnswer, "partner">;

/** Asks once for inputs, again only when the connection or the server's load was the trouble. */
async function ask(session: Session, inputs: Tensors, id: string, asking: Limited): Promise<Asked> {
  const { plan, clock, signal, limits } = asking;
  const call = session.prepare(inputs, id);
  for (let tried = 1; ; tried++) {
    const limit = limits.next();
    try {
      const answer = await call.send(limit.signal).finally(limit.release);
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
}

/** Asks one row, and where it is a pair for its other text as well: without both there is no answer. */
async function askRow(session: Session, index: number, asking: Limited): Promise<RowAnswer> {
  const { id } = asking.rows.facts(index);
  const { inputs, partner } = asking.rows.sent(index);
  const own = await ask(session, inputs, id, asking);
  if (partner === null || own.prediction === null) return { ...own, partner: null };
  const other = await ask(session, partner, `${id}-partner`, asking);
  return other.prediction === null ? { ...other, partner: null } : { ...own, partner: other.prediction };
}

/** Sends rows by their indices, a few at a time: what is sent of a row is held only while it is asked. @returns an answer for each, in the order of the indices. */
export async function askRows(session: Session, indices: readonly number[], asking: Asking): Promise<RowAnswer[]> {
  using limits = limitsOf(asking.signal, timeoutMilliseconds);
  const limited = { ...asking, limits };
  const answers: RowAnswer[] = Array.from({ length: indices.length });
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < indices.length; at = next++) {
      answers[at] = await askRow(session, indices[at]!, limited);
      asking.progress(++done / indices.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(asking.concurrency, indices.length) }, worker));
  return answers;
}
