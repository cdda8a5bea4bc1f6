import type { PlatformKind } from "../adapters/platforms/index.ts";
import type { Check } from "../domain/gate/decide.ts";
import type { Config } from "./config.ts";
import { evaluateProblems, taskOf } from "./evaluation.ts";
import { gatesOf } from "./gates.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

/** The top-level parts of a configuration: null where one is wrong in itself. */
export type Parts = { [Key in keyof Written]: Written[Key] | null };

const mostRequests = 1_000_000;
const day = 86_400_000;

function loadProblems({ load }: Parts, report: Report): void {
  if (!load) return;
  const requests = (load.rate * load.duration) / 1000;
  if (requests > mostRequests)
    report.value(
      ["load", "duration"],
      `load.rate and load.duration make ${Math.round(requests)} requests, and at most ${mostRequests} are sent`,
      `At this rate write at most ${Math.floor(mostRequests / load.rate)} s.`,
    );
}

function environmentProblems({ environments, image }: Parts, report: Report): void {
  for (const [name, { platform }] of Object.entries(environments ?? {}))
    if (platform === "docker" && image && image.repository === undefined)
      report.value(
        ["environments", name, "platform"],
        `environments.${name} is docker, and image.repository is missing`,
        "An engine cannot pull from the embedded registry: add image.repository, or write platform: local.",
      );
}

function checksOf({ gates, evaluate, load }: Parts, report: Report): Check[] {
  if (!gates || gates.length === 0) return [];
  const classed = evaluate && (evaluate.task === "regression" || evaluate.classes !== undefined);
  const setting = classed
    ? {
        task: taskOf(evaluate),
        classes: evaluate.classes ?? [],
        sliceColumns: evaluate.slices,
        hasLoad: load !== undefined,
      }
    : null;
  return gatesOf(gates, setting, report);
}

/** All that contradicts itself between keys, as far as the parts it takes are sound. @returns the gates. */
export function crossCheck(parts: Parts, report: Report): Check[] {
  if (parts.evaluate) evaluateProblems(parts.evaluate, report);
  if (parts.evaluate === undefined && (parts.load || (parts.gates && parts.gates.length > 0)))
    report.missing(
      ["evaluate"],
      "evaluate is missing: there is nothing to measure for gates, and no rows to send for load",
      "Add evaluate with the labelled data, or remove gates and load.",
    );
  loadProblems(parts, report);
  environmentProblems(parts, report);
  return checksOf(parts, report);
}

const evaluateOf = (evaluate: NonNullable<Written["evaluate"]>): Config["evaluate"] => ({
  data: evaluate.data,
  task: taskOf(evaluate),
  inputs: evaluate.inputs,
  label: evaluate.label,
  id: evaluate.id ?? null,
  classes: evaluate.classes ?? [],
  threshold: evaluate.threshold,
  output: evaluate.output ?? null,
  slices: evaluate.slices,
  concurrency: evaluate.concurrency,
  failedRows: evaluate["failed-rows"],
  maxFailed: evaluate["max-failed"] ?? null,
});

const loadOf = (load: NonNullable<Written["load"]>): Config["load"] => ({
  profile: load.profile,
  ratePerSecond: load.rate,
  milliseconds: load.duration,
  warmupMilliseconds: load.warmup ?? 2000,
  timeoutMilliseconds: load.timeout ?? 30_000,
});

/** A sound configuration with units resolved and everything that is absent named. */
export const resolved = (written: Written, gates: readonly Check[], file: string): Config => ({
  file,
  model: {
    name: written.model.name,
    path: written.model.path,
    contract: { inputs: written.model.contract?.inputs ?? null, outputs: written.model.contract?.outputs ?? null },
    maxBytes: written.model.policy?.["max-size"] ?? null,
  },
  image: {
    repository: written.image.repository ?? null,
    base: written.image.base ?? null,
    runtime: written.image.runtime,
    server: written.image.server ?? null,
  },
  smoke: written.smoke ?? null,
  evaluate: written.evaluate ? evaluateOf(written.evaluate) : null,
  load: written.load ? loadOf(written.load) : null,
  gates,
  promotion: { maxAgeMilliseconds: written.promotion["max-age"] ?? 7 * day, first: written.promotion.first },
  environments: Object.fromEntries(
    Object.entries(written.environments).map(([name, { platform, ...options }]) => [
      name,
      { platform: platform as PlatformKind, options },
    ]),
  ),
});
