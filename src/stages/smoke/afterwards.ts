import type { Golden } from "../../domain/golden.ts";
import type { Vitals } from "../../ports/platform.ts";
import type { Session } from "../../ports/protocol.ts";
import { golden } from "./goldens.ts";
import { type Asking, limited } from "./step.ts";

/** Asks the platform how the release does; absent where a platform cannot say. */
export type AskVitals = ((signal: AbortSignal) => Promise<Vitals | null>) | undefined;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function memoryText(before: number | null, after: number | null): string {
  if (after === null) return "the platform does not say how much memory it takes";
  if (before === null) return `it takes ${mebibytes(after)} of memory`;
  const growth = after - before;
  return `it takes ${mebibytes(after)} of memory, ${mebibytes(Math.abs(growth))} ${growth < 0 ? "less" : "more"} than before the test`;
}

/** S9, as the platform sees it: it was never restarted; its memory is told, not judged. */
async function vitalsText(ask: AskVitals, before: Vitals | null, options: Asking): Promise<string> {
  const after = ask ? await ask(limited(options)) : null;
  if (!after) return "the platform does not say whether it was restarted";
  if (after.restarts !== null && after.restarts > 0)
    throw new Error(
      `the platform restarted it ${after.restarts} ${after.restarts === 1 ? "time" : "times"} since it was deployed: look at its log for why it ended`,
    );
  const restarts = after.restarts === null ? "the platform does not say whether it was restarted" : "never restarted";
  return `${restarts}; ${memoryText(before?.memoryBytes ?? null, after.memoryBytes)}`;
}

/** S9: after all this it is still ready, answers a golden request, and was never restarted. */
export async function afterwards(
  session: Session,
  first: Golden,
  vitals: { ask: AskVitals; before: Vitals | null },
  options: Asking,
): Promise<string> {
  const { ready: still, detail } = await session.ready(limited(options));
  if (!still) throw new Error(`no longer ready: ${detail}`);
  const answered = await golden(session, first, options);
  return `${detail}; ${answered}; ${await vitalsText(vitals.ask, vitals.before, options)}`;
}
