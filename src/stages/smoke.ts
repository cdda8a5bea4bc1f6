import type { Reading } from "../domain/difference.ts";
import { type Example, type Golden, isBadRequest } from "../domain/golden.ts";
import { UserError } from "../domain/problem.ts";
import { type ReadingPlan, readPrediction, shownPrediction } from "../domain/reading.ts";
import type { Release, Running } from "../domain/release.ts";
import { isWell, type SmokeReport, type SmokeStep } from "../domain/smoke.ts";
import type { Clock } from "../ports/clock.ts";
import type { Protocol } from "../ports/protocol.ts";
import { type AskVitals, afterwards } from "./smoke/afterwards.ts";
import { auth } from "./smoke/auth.ts";
import { batch } from "./smoke/batch.ts";
import { concurrency } from "./smoke/concurrency.ts";
import { golden } from "./smoke/goldens.ts";
import { metadata } from "./smoke/metadata.ts";
import { negatives } from "./smoke/negative.ts";
import { parity, type Runner } from "./smoke/parity.ts";
import { reachable, ready } from "./smoke/readiness.ts";
import { type Asking, limited, type Seen, step } from "./smoke/step.ts";

export { recordGoldens } from "./smoke/record.ts";

export interface SmokeOptions {
  release: Release;
  running: Running;
  protocol: Protocol;
  /** The protocol without the credentials that `protocol` sends; null when it sends none. */
  stranger: Protocol | null;
  /** Golden and bad requests of the user's own. */
  goldens: readonly Example[];
  /** How an answer means a label, for golden requests that expect one; null when the configuration does not say. */
  plan: ReadingPlan | null;
  /** What of a value a JSON Schema refuses, for golden requests that give one. */
  schemaFault: Reading["schemaFault"];
  /** Where else the release can be run, to compare. */
  runner: Runner;
  /** How the release does, asked from the platform. */
  vitals: AskVitals;
  /** Whether a failure of the server where the request is at fault fails the test. */
  strict: boolean;
  clock: Clock;
  signal: AbortSignal;
  /** How long one question of a step may take; default 30 s. */
  stepMilliseconds?: number;
  /** How long the server may take to be ready; default 10 min. */
  readyMilliseconds?: number;
}

function readingOf({ plan, schemaFault }: SmokeOptions): Reading {
  return {
    schemaFault,
    labelOf(outputs) {
      if (!plan)
        throw new Error('the golden request expects a label, and "evaluate" does not say how answers mean one');
      return shownPrediction(readPrediction(outputs, plan), plan);
    },
  };
}

const noGolden = (): UserError =>
  new UserError([
    {
      code: "smoke.no-golden",
      message: "there are no golden requests, so no answer can be called right",
      hint: "Run modelgate smoke --record, read what it wrote, and commit it; name the file in smoke.examples.",
      at: { file: "modelgate.yml", key: "smoke.examples" },
    },
  ]);

/**
 * Smoke-tests the deployed release: S1 reachable, S2 ready, S3 metadata and digests, S4 golden requests, S5 parity with the same
 * image on this machine, S6 a batch, S7 bad requests, S8 many clients, S10 strangers, and last S9 still right afterwards (gate specification, 4.1). What
 * cannot be tried says why. Later steps run only while the server can be talked to and answers as it should.
 * @throws UserError `smoke.no-golden` when there is nothing to hold the answers against.
 */
export async function smoke(options: SmokeOptions): Promise<SmokeReport> {
  const { release, running, protocol } = options;
  const { endpoint } = running;
  const { model } = release;
  const goldens = options.goldens.filter((example): example is Golden => !isBadRequest(example));
  const [first] = goldens;
  if (!first) throw noGolden();
  await using session = protocol.connect(endpoint, model.name);
  const asking: Asking = { ...options, goldens, reading: readingOf(options) };
  const steps: SmokeStep[] = [];
  const report = (): SmokeReport => ({ passed: isWell(steps), steps });
  const run = async (id: string, work: () => Promise<Seen | string>): Promise<void> =>
    void steps.push(await step(id, options, work));

  await run("S1 reachable", () => reachable(session, options));
  if (!isWell(steps)) return report();
  await run("S2 ready", () => ready(session, options));
  await run("S3 metadata", () => metadata(session, release, running, options));
  for (const one of goldens) await run(`S4 ${one.id}`, () => golden(session, one, asking));
  if (!isWell(steps)) return report();
  const before = (await options.vitals?.(limited(options)).catch(() => null)) ?? null;
  await run("S5 parity", () => parity(session, release, options.runner, asking));
  await run("S6 batch", () => batch(session, model, asking));
  const faults = {
    protocol: protocol.faults(endpoint, model.name, first.inputs),
    own: options.goldens.filter(isBadRequest).map((bad) => protocol.badRequest(endpoint, model.name, bad)),
  };
  steps.push(...(await negatives(session, faults, options)));
  await run("S8 concurrency", () => concurrency(session, asking));
  await run("S10 auth", () => auth(options.stranger, endpoint, model.name, asking));
  await run("S9 afterwards", () => afterwards(session, first, { ask: options.vitals, before }, asking));
  return report();
}
