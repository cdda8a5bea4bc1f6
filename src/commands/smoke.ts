import type { Json } from "../domain/canonical.ts";
import { readGoldens } from "../domain/golden.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import { zeros } from "../domain/values.ts";
import type { Runner } from "../stages/smoke/parity.ts";
import { recordGoldens, smoke } from "../stages/smoke.ts";
import { attach } from "./attach.ts";
import { readingPlan, readRows } from "./data.ts";
import { askedIn, environmentOf, releaseOf, staging } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

const recordedRows = 5;
const defaultFile = "tests/golden.jsonl";

/** A larger model would take the runner's memory and disk from what else it does. */
const largestBeside = 2 * 2 ** 30;

/** Where a release can be run on this machine, to compare its answers with those of an environment. */
function runnerOf(shop: Workshop, { model }: Release, environment: string): Runner {
  const place = shop.onThisMachine(environment);
  if ("skipped" in place) return place;
  if (model.bytes > largestBeside)
    return { skipped: `the model has ${model.bytes} bytes, and at most ${largestBeside} are run on this machine` };
  return { platform: place, protocol: (kind) => shop.protocol(kind) };
}

/** Smoke-tests a release where it runs, and attaches the report. */
export async function smokeRelease(shop: Workshop, release: Release, environment: string, signal: AbortSignal) {
  const file = shop.config.smoke?.examples ?? null;
  const text = file === null ? null : await shop.readText(shop.resolve(file));
  if (file !== null && text === null)
    throw new UserError([
      {
        code: "smoke.no-golden",
        message: `there is no file ${file}`,
        hint: "Run modelgate smoke --record, read what it wrote, and commit it.",
        at: { file: shop.config.file, key: "smoke.examples" },
      },
    ]);
  const goldens = text === null ? [] : readGoldens(text, file!, release.model.inputs);
  const running = await askedIn(shop, environment, release, signal);
  const platform = shop.platform(environment, "main");
  const report = await smoke({
    release,
    running,
    protocol: shop.protocol(running.endpoint.protocol),
    stranger: shop.stranger(running.endpoint.protocol),
    goldens,
    plan: readingPlan(shop),
    schemaFault: shop.schemaFault,
    runner: runnerOf(shop, release, environment),
    vitals: platform.vitals && ((limit) => platform.vitals!(limit)),
    strict: shop.config.smoke?.strict ?? false,
    clock: shop.clock,
    signal,
  });
  const evidence = await attach(shop, release, { kind: "smoke", body: report as unknown as Json }, signal);
  return { report, running, evidence };
}

/** What golden requests are recorded for: the first rows of the data, or zeros where there are none. */
async function examplesOf(shop: Workshop, release: Release, signal: AbortSignal) {
  if (!shop.config.evaluate) return [{ id: "zeros", inputs: zeros(release.model.inputs) }];
  using data = await readRows(shop, release.model, signal);
  const { rows } = data;
  return Array.from({ length: Math.min(recordedRows, rows.length) }, (_, index) => ({
    id: `row-${rows.facts(index).id}`,
    inputs: rows.sent(index).inputs,
  }));
}

/** Writes golden requests from what staging answers. */
async function record(shop: Workshop, release: Release, environment: string, signal: AbortSignal): Promise<Outcome> {
  const file = shop.config.smoke?.examples ?? defaultFile;
  const path = shop.resolve(file);
  if ((await shop.readText(path)) !== null)
    throw new UserError([
      {
        code: "input.missing",
        message: `${file} is there already`,
        hint: "Move it away first: recording must not replace requests that somebody checked.",
      },
    ]);
  const examples = await examplesOf(shop, release, signal);
  const running = await askedIn(shop, environment, release, signal);
  const lines = await recordGoldens(
    { release, running, protocol: shop.protocol(running.endpoint.protocol), clock: shop.clock, signal },
    examples,
  );
  await shop.writeText(path, `${lines.join("\n")}\n`);
  return {
    ...emptyOutcome,
    command: "smoke",
    verdict: "none",
    headline: `${lines.length} golden requests are in ${file}: read them, they say what right is from now on`,
    environment,
    model: release.model,
    image: release.image,
    url: running.endpoint.url,
    files: { golden: path },
  };
}

export async function smokeCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, staging);
  const release = await releaseOf(shop, request, signal);
  if (request.record) return shop.host.step("record", () => record(shop, release, environment, signal));
  const { report, running, evidence } = await shop.host.step("smoke", () =>
    smokeRelease(shop, release, environment, signal),
  );
  return {
    ...emptyOutcome,
    command: "smoke",
    verdict: report.passed ? "pass" : "fail",
    headline: report.passed
      ? `${release.model.name} answers as it should`
      : `${release.model.name} does not answer as it should`,
    environment,
    model: release.model,
    image: release.image,
    url: running.endpoint.url,
    smoke: report,
    evidence: [evidence],
  };
}
