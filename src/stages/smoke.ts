import { contractProblems } from "../domain/contract.ts";
import { type Golden, goldenDifference, recordGolden } from "../domain/golden.ts";
import { formatImage } from "../domain/image.ts";
import { UserError } from "../domain/problem.ts";
import { type ReadingPlan, readPrediction, shownPrediction } from "../domain/reading.ts";
import type { Release, Running } from "../domain/release.ts";
import type { SmokeReport, SmokeStep } from "../domain/smoke.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { Protocol, Session } from "../ports/protocol.ts";

export interface SmokeOptions {
  release: Release;
  running: Running;
  protocol: Protocol;
  goldens: readonly Golden[];
  /** How an answer means a label, for golden requests that expect one; null when the configuration does not say. */
  plan: ReadingPlan | null;
  clock: Clock;
  signal: AbortSignal;
}

const stepMilliseconds = 30_000;
const readyTimes = 3;
const readyGap = 1000;

const limited = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(stepMilliseconds)]);
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs one step; whatever it throws is what it saw. */
async function step(
  id: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<string>,
): Promise<SmokeStep> {
  try {
    return { id, level: "required", ok: true, detail: await work(limited(signal)) };
  } catch (error) {
    signal.throwIfAborted();
    return { id, level: "required", ok: false, detail: message(error) };
  }
}

/** S2: ready, then twice more a second apart: a server that flaps is not ready. */
async function ready(session: Session, { clock, signal }: SmokeOptions): Promise<string> {
  for (let time = 1; ; time++) {
    const { ready: yes, detail } = await session.ready(limited(signal));
    if (!yes) throw new Error(`not ready (time ${time} of ${readyTimes}): ${detail}`);
    if (time === readyTimes) return `ready ${readyTimes} times in a row`;
    await clock.until(clock.monotonic() + readyGap, signal);
  }
}

/** S3: the served model is the validated one, in names, types, shapes and bytes, and the platform runs the candidate. */
async function metadata(session: Session, { release, running }: SmokeOptions, signal: AbortSignal): Promise<string> {
  const { model, image } = release;
  const served = await session.metadata(signal);
  const context = { what: "the served model", file: model.name };
  const declared = (specs: typeof model.inputs) =>
    Object.fromEntries(specs.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
  const problems = [
    ...contractProblems("input", declared(model.inputs), served.inputs, context),
    ...contractProblems("output", declared(model.outputs), served.outputs, context),
  ].map((problem) => problem.message);
  if (running.image.digest !== image.digest)
    problems.push(`the platform runs ${running.image.digest}, and ${image.digest} is tested`);
  if (running.modelDigest !== model.digest)
    problems.push(
      `the model's bytes on the platform have the digest ${running.modelDigest}, and ${model.digest} was validated`,
    );
  if (served.modelDigest !== null && served.modelDigest !== model.digest)
    problems.push(`the server loaded a model with the digest ${served.modelDigest}, and ${model.digest} was validated`);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return `${served.name}: ${served.inputs.length} inputs and ${served.outputs.length} outputs as validated; image and model bytes are the candidate's`;
}

/** S4: a golden request answered within tolerance, twice the same way. */
async function golden(session: Session, expected: Golden, options: SmokeOptions, signal: AbortSignal): Promise<string> {
  const labelOf = (outputs: Tensors): string => {
    if (!options.plan)
      throw new Error('the golden request expects a label, and "evaluate" does not say how answers mean one');
    return shownPrediction(readPrediction(outputs, options.plan), options.plan);
  };
  const call = session.prepare(expected.inputs, expected.id);
  for (const time of ["", "the second time, "]) {
    const difference = goldenDifference(expected, (await call.send(signal)).outputs, labelOf);
    if (difference !== null) throw new Error(`${time}${difference}`);
  }
  return "as expected, twice";
}

/** S7: each bad request gets an answer that is not a success; a 5xx where a 4xx is right is worth a warning. */
async function negatives(options: SmokeOptions, good: Tensors): Promise<SmokeStep[]> {
  const { protocol, running, release, signal } = options;
  const steps: SmokeStep[] = [];
  for (const fault of protocol.faults(running.endpoint, release.model.name, good)) {
    const id = `S7 ${fault.id}`;
    try {
      const { status, body } = await fault.send(limited(signal));
      const leaks = /Traceback \(most recent call last\)|stack_trace|\n\s+at .+:\d+/.test(body);
      if (status >= 200 && status < 300)
        steps.push({
          id,
          level: "required",
          ok: false,
          detail: `answered ${status}: a bad request was taken for a good one`,
        });
      else
        steps.push({
          id,
          level: "advisory",
          ok: fault.right.includes(status) && !leaks,
          detail: `${status === 0 ? body : `answered ${status}`}${fault.right.includes(status) ? "" : `, right is ${fault.right.join(" or ")}`}${leaks ? ", with a stack trace" : ""}`,
        });
    } catch (error) {
      signal.throwIfAborted();
      steps.push({ id, level: "required", ok: false, detail: `no answer: ${message(error)}` });
    }
  }
  return steps;
}

/**
 * Smoke-tests the deployed release: S1 reachable, S2 ready, S3 metadata and digests, S4 golden requests, S7 bad requests, S9 still
 * right afterwards. Later steps run only while the server can be talked to.
 * @throws UserError `smoke.no-golden` when there is nothing to hold the answers against.
 */
export async function smoke(options: SmokeOptions): Promise<SmokeReport> {
  const { release, running, protocol, goldens, signal } = options;
  if (goldens.length === 0)
    throw new UserError([
      {
        code: "smoke.no-golden",
        message: "there are no golden requests, so no answer can be called right",
        hint: "Run modelgate smoke --record, read what it wrote, and commit it; name the file in smoke.examples.",
        at: { file: "modelgate.yml", key: "smoke.examples" },
      },
    ]);
  await using session = protocol.connect(running.endpoint, release.model.name);
  const steps: SmokeStep[] = [];
  const passed = (): boolean => steps.every(({ ok, level }) => ok || level === "advisory");
  const report = (): SmokeReport => ({ passed: passed(), steps });
  steps.push(await step("S1 reachable", signal, async (limit) => (await session.ready(limit)).detail));
  if (!passed()) return report();
  steps.push(await step("S2 ready", signal, () => ready(session, options)));
  steps.push(await step("S3 metadata", signal, (limit) => metadata(session, options, limit)));
  for (const expected of goldens)
    steps.push(await step(`S4 ${expected.id}`, signal, (limit) => golden(session, expected, options, limit)));
  if (!passed()) return report();
  steps.push(...(await negatives(options, goldens[0]!.inputs)));
  steps.push(
    await step(
      "S9 afterwards",
      signal,
      async (limit) => `${(await session.ready(limit)).detail}; ${await golden(session, goldens[0]!, options, limit)}`,
    ),
  );
  return report();
}

/** Golden requests from what a deployed release answers: a line per example, with the image they were recorded from. */
export async function recordGoldens(
  options: Omit<SmokeOptions, "goldens" | "plan">,
  examples: readonly { id: string; inputs: Tensors }[],
): Promise<string[]> {
  const { release, running, protocol, signal } = options;
  await using session = protocol.connect(running.endpoint, release.model.name);
  const lines: string[] = [];
  for (const { id, inputs } of examples)
    lines.push(
      recordGolden(
        id,
        inputs,
        (await session.prepare(inputs, id).send(limited(signal))).outputs,
        formatImage(release.image),
      ),
    );
  return lines;
}
