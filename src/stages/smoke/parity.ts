import type { Release } from "../../domain/release.ts";
import type { Platform } from "../../ports/platform.ts";
import type { Protocol, Session } from "../../ports/protocol.ts";
import { answersDifference, answerTo } from "./goldens.ts";
import { type Asking, Skipped } from "./step.ts";

/** A place on this machine where the release can be run beside staging, or why there is none. */
export type Runner = { platform: Platform; protocol(kind: string): Protocol } | { skipped: string };

/**
 * S5: the release run on this machine answers the golden requests as staging does: what differs comes from the environment,
 * not from the model.
 */
export async function parity(session: Session, release: Release, runner: Runner, options: Asking): Promise<string> {
  if ("skipped" in runner) throw new Skipped(runner.skipped);
  const { platform, protocol } = runner;
  try {
    const { endpoint } = (await platform.deploy(release, options.signal)).running;
    await using here = protocol(endpoint.protocol).connect(endpoint, release.model.name);
    for (const golden of options.goldens) {
      const other = await answerTo(here, golden, options);
      const difference = answersDifference(golden, await answerTo(session, golden, options), other, options.reading);
      if (difference !== null)
        throw new Error(`staging does not answer ${golden.id} as the same image on this machine: ${difference}`);
    }
    return `${options.goldens.length} golden requests are answered as by the same image on this machine`;
  } finally {
    await platform.remove(AbortSignal.timeout(60_000)).catch(() => undefined);
  }
}
