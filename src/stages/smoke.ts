import { contractProblems } from "../domain/contract.ts";
import { goldenDifference } from "../domain/difference.ts";
import { type Example, type Golden, isBadRequest, recordGolden } from "../domain/golden.ts";
import { formatImage } from "../domain/image.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import { type ReadingPlan, readPrediction, shownPrediction } from "../domain/reading.ts";
import type { Release, Running } from "../domain/release.ts";
import type { SmokeReport, SmokeStep } from "../domain/smoke.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { Fault, Protocol, Session } from "../ports/protocol.ts";

export interface SmokeOptions {
  release: Release;
  running: Running;
  protocol: Protocol;
  /** Golden and bad requests of the user's own. */
  goldens: readonly Example[];
  /** How an answer means a label, for golden requests that expect one; null when the configuration does not say. */
  plan: ReadingPlan | null;
  clock: Clock;
  signal: AbortSignal;
  /** How long one step may take; default 30 s. */
  stepMilliseconds?: number;
  /** How long the server may take to be ready; default 10 min. */
  readyMilliseconds?: number;
}

const readyTimes = 3;
const readyGap = 1000;
const polls = { first: 2000, growth: 1.5, longest: 10_000 };

const limited = ({ signal, stepMilliseconds = 30_000 }: Pick<SmokeOptions, "signal" | "stepMilliseconds">) =>
  AbortSignal.any([signal, AbortSignal.timeout(stepMilliseconds)]);
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const shorten = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, 200);

type Seen = Pick<SmokeStep, "level" | "ok" | "detail">;
const well = (detail: string): Seen => ({ level: "required", ok: true, detail });

/** Runs one step; whatever it throws is what it saw. */
async function step(id: string, { clock, signal }: SmokeOptions, work: () => Promise<Seen>): Promise<SmokeStep> {
  const started = clock.monotonic();
  const seen = await work().catch((error: unknown): Seen => {
    signal.throwIfAborted();
    return { level: "required", ok: false, detail: message(error) };
  });
  return { id, ...seen, took: Math.round(clock.monotonic() - started) };
}

/** S2: ready three times in a row, a second apart; a server that is not is asked again, ever more seldom. */
async function ready(session: Session, options: SmokeOptions): Promise<string> {
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

/** S3: the served model is the validated one, in names, types, shapes and bytes, and the platform runs the candidate. */
async function metadata(session: Session, options: SmokeOptions): Promise<string> {
  const { model, image } = options.release;
  const { running } = options;
  const served = await session.metadata(limited(options));
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
async function golden(session: Session, expected: Golden, options: SmokeOptions): Promise<string> {
  const labelOf = (outputs: Tensors): string => {
    if (!options.plan)
      throw new Error('the golden request expects a label, and "evaluate" does not say how answers mean one');
    return shownPrediction(readPrediction(outputs, options.plan), options.plan);
  };
  const call = session.prepare(expected.inputs, expected.id);
  const limit = limited(options);
  for (const time of ["", "the second time, "]) {
    const difference = goldenDifference(expected, (await call.send(limit)).outputs, labelOf);
    if (difference !== null) throw new Error(`${time}${difference}`);
  }
  return "as expected, twice";
}

/** A stack trace or a file's place, as servers put them into the body of an error. */
const leak = /Traceback \(most recent call last\)|stack_?trace|File \\?"[^"]+\\?", line \d+|(?:\n|\\n)\s+at \S.*:\d+/i;

/**
 * S7: a bad request gets an answer, and it is not a success. Another error than the right one is worth a warning; for the user's
 * own bad requests, which name the statuses, it is a failure.
 */
async function negative({ right, send }: Fault, own: boolean, options: SmokeOptions): Promise<Seen> {
  const { status, body } = await send(limited(options)).catch((error: unknown) => {
    const answered = error instanceof WorldError && error.problem.code === "endpoint.answer";
    throw answered ? error : new Error(`no answer: ${message(error)}`, { cause: error });
  });
  const said = status === 0 ? shorten(body) : `answered ${status}`;
  if (right.includes(status))
    return leak.test(body)
      ? { level: "advisory", ok: false, detail: `${said}, with a stack trace: ${shorten(body)}` }
      : well(said);
  const detail = `${said}, right is ${right.join(" or ")}${status === 0 ? "" : `: ${shorten(body)}`}`;
  if (status >= 200 && status < 300)
    return { level: "required", ok: false, detail: `${detail} (a bad request was taken for a good one)` };
  return { level: own ? "required" : "advisory", ok: false, detail };
}

async function negatives(options: SmokeOptions, good: Tensors): Promise<SmokeStep[]> {
  const { protocol, running, release, goldens } = options;
  const model = release.model.name;
  const tried = [
    ...protocol.faults(running.endpoint, model, good).map((fault) => ({ fault, own: false })),
    ...goldens
      .filter(isBadRequest)
      .map((request) => ({ fault: protocol.badRequest(running.endpoint, model, request), own: true })),
  ];
  const steps: SmokeStep[] = [];
  for (const { fault, own } of tried)
    steps.push(await step(`S7 ${fault.id}`, options, () => negative(fault, own, options)));
  return steps;
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
 * Smoke-tests the deployed release: S1 reachable, S2 ready, S3 metadata and digests, S4 golden requests, S7 bad requests, S9 still
 * right afterwards (gate specification, 4.1). Later steps run only while the server can be talked to.
 * @throws UserError `smoke.no-golden` when there is nothing to hold the answers against.
 */
export async function smoke(options: SmokeOptions): Promise<SmokeReport> {
  const { release, running, protocol } = options;
  const goldens = options.goldens.filter((example): example is Golden => !isBadRequest(example));
  const [first] = goldens;
  if (!first) throw noGolden();
  await using session = protocol.connect(running.endpoint, release.model.name);
  const steps: SmokeStep[] = [];
  const passed = (): boolean => steps.every(({ ok, level }) => ok || level === "advisory");
  const report = (): SmokeReport => ({ passed: passed(), steps });
  const run = async (id: string, work: () => Promise<string>): Promise<void> =>
    void steps.push(await step(id, options, async () => well(await work())));

  await run("S1 reachable", async () => (await session.ready(limited(options))).detail);
  if (!passed()) return report();
  await run("S2 ready", () => ready(session, options));
  await run("S3 metadata", () => metadata(session, options));
  for (const expected of goldens) await run(`S4 ${expected.id}`, () => golden(session, expected, options));
  if (!passed()) return report();
  steps.push(...(await negatives(options, first.inputs)));
  await run("S9 afterwards", async () => {
    const { ready: still, detail } = await session.ready(limited(options));
    if (!still) throw new Error(`no longer ready: ${detail}`);
    return `${detail}; ${await golden(session, first, options)}`;
  });
  return report();
}

/** NaN is equal to nothing: a golden answer that holds it could never be met. */
function refuseNan(id: string, outputs: Tensors): void {
  const name = Object.keys(outputs).find((key) => outputs[key]!.data.some((value) => Number.isNaN(value)));
  if (name !== undefined)
    throw new UserError([
      {
        code: "smoke.failed",
        message: `the answer to ${id} holds NaN in ${name}, so it cannot be what is right`,
        hint: "Find out why the served model answers NaN before golden requests are recorded from it.",
      },
    ]);
}

/**
 * Golden requests from what a deployed release answers: a line per example, with the image they were recorded from.
 * @throws UserError `smoke.failed` when an answer holds NaN.
 */
export async function recordGoldens(
  options: Omit<SmokeOptions, "goldens" | "plan">,
  examples: readonly { id: string; inputs: Tensors }[],
): Promise<string[]> {
  const { release, running, protocol } = options;
  await using session = protocol.connect(running.endpoint, release.model.name);
  const lines: string[] = [];
  for (const { id, inputs } of examples) {
    const { outputs } = await session.prepare(inputs, id).send(limited(options));
    refuseNan(id, outputs);
    lines.push(recordGolden(id, inputs, outputs, formatImage(release.image)));
  }
  return lines;
}
