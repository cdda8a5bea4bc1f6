import type { Session } from "../../ports/protocol.ts";
import { limited, type Stepping } from "./step.ts";

const readyTimes = 3;
const readyGap = 1000;
const polls = { first: 2000, growth: 1.5, longest: 10_000 };

/** S1: the name resolves and something answers. Ready or not is not asked yet. */
export const reachable = async (session: Session, options: Stepping): Promise<string> =>
  (await session.ready(limited(options))).detail;

/** S2: ready three times in a row, a second apart; a server that is not is asked again, ever more seldom. */
export async function ready(
  session: Session,
  options: Stepping & { readyMilliseconds?: number | undefined },
): Promise<string> {
  const { clock, signal, readyMilliseconds = 600_000 } = options;
  let [inRow, waited, poll] = [0, 0, polls.first];
  for (;;) {
    const { ready: yes, detail } = await session.ready(limited(options));
    inRow = yes ? inRow + 1 : 0;
    if (inRow === readyTimes) return `ready ${readyTimes} times in a row`;
    const gap = yes ? readyGap : poll;
    if (!yes) poll = Math.min(polls.longest, poll * polls.growth);
    if (waited + gap > readyMilliseconds) throw new Error(`not ready after ${Math.round(waited / 1000)} s: ${detail}`);
    waited += gap;
    await clock.until(clock.monotonic() + gap, signal);
  }
}
