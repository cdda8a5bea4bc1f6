import type { PlatformKind } from "../adapters/platforms/index.ts";
import type { Check } from "../domain/gate/decide.ts";
import { parseImage } from "../domain/image.ts";
import type { Config } from "./config.ts";
import { evaluateProblems, hasClasses, taskOf } from "./evaluation.ts";
import { gatesOf } from "./gates.ts";
import { loadOf, loadProblems, loadSetting } from "./load-test.ts";
import { commandsOf, importsOf, outsideOf, rulesOf } from "./measured-outside.ts";
import type { Report } from "./report.ts";
import { runtimeProblems } from "./runtime.ts";
import type { Written } from "./schema.ts";

/** The top-level parts of a configuration: null where one is wrong in itself. */
export type Parts = { [Key in keyof Written]: Written[Key] | null };

const day = 86_400_000;

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
  const known = evaluate && (evaluate.classes !== undefined || !hasClasses(taskOf(evaluate)));
  const setting = known
    ? {
        task: taskOf(evaluate),
        classes: evaluate.classes ?? [],
        sliceColumns: evaluate.slices,
        load: loadSetting(load),
        hasBaseline: evaluate.baseline !== undefined,
        outside: outsideOf(evaluate, load !== undefined),
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
  if (parts.load) loadProblems(parts.load, report);
  environmentProblems(parts, report);
  runtimeProblems(parts, report);
  signingProblems(parts, report);
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
  baseline: evaluate.baseline === undefined ? null : parseImage(evaluate.baseline),
  output: evaluate.output ?? null,
  labelSeparator: evaluate["label-separator"],
  split: evaluate.split ?? null,
  group: evaluate.group ?? null,
  partners: evaluate.partners ?? null,
  slices: evaluate.slices,
  concurrency: evaluate.concurrency,
  failedRows: evaluate["failed-rows"],
  maxFailed: evaluate["max-failed"] ?? null,
  pricePerHour: evaluate["price-per-hour"] ?? null,
  commands: commandsOf(evaluate),
  imports: importsOf(evaluate),
  rules: rulesOf(evaluate),
});

const promotionOf = ({ approval, ...promotion }: Written["promotion"]): Config["promotion"] => ({
  maxAgeMilliseconds: promotion["max-age"] ?? 7 * day,
  first: promotion.first,
  baseline: promotion.baseline,
  approval: approval
    ? { by: approval.by, required: approval.required, expiresMilliseconds: approval.expires ?? day }
    : null,
});

/** What is signed must be verifiable, and what lies in a registry must be signed. */
function signingProblems({ signing, trust, image }: Parts, report: Report): void {
  if (image?.repository !== undefined && signing === undefined)
    report.missing(
      ["image", "repository"],
      "image.repository is set, and signing is missing: evidence in a registry counts only when it is signed",
      "Add signing: { method: keyless } in a workflow with id-token: write, or { method: key, key: MODELGATE_SIGNING_KEY }; docs/security.md shows both.",
    );
  if (!signing || !trust) return;
  if (signing.method === "none" && image?.repository !== undefined)
    report.value(
      ["signing", "method"],
      "signing.method none is for the embedded registry only",
      "Write keyless or key.",
    );
  if (signing.method === "key" && signing.key === undefined)
    report.missing(["signing"], "signing.key is missing", "Name the environment variable that holds the private key.");
  if (signing.method === "key" && trust.keys.length === 0)
    report.missing(
      ["signing"],
      "trust.keys is missing: nobody could verify what is signed",
      "Name the PEM file of the public key.",
    );
  if (signing.method === "keyless" && trust.identities.length === 0)
    report.missing(
      ["signing"],
      "trust.identities is missing: nobody could verify what is signed",
      "Name the repository and the workflow that signs.",
    );
}

const accessOf = ({ headers, host, tls }: NonNullable<Written["access"]>): NonNullable<Config["access"]> => ({
  headers,
  host: host ?? null,
  tls: tls
    ? {
        ca: tls.ca ?? null,
        client: tls.cert !== undefined && tls.key !== undefined ? { cert: tls.cert, key: tls.key } : null,
        serverName: tls["server-name"] ?? null,
      }
    : null,
});

const dialectOf = ({ stream, completions, binary, vertex, http }: Written["protocol"]): Config["protocol"] => ({
  ...(stream && { stream }),
  ...(completions && { completions }),
  ...(binary && { binary }),
  ...(vertex && { vertex }),
  ...(http && { http }),
});

/** A server of one's own. Where its protocol leaves the path of readiness to the user it is written once. */
function customOf({ image: { custom }, protocol }: Written): Config["image"]["custom"] {
  if (!custom) return null;
  const own = { vertex: protocol.vertex?.health, http: protocol.http?.ready }[custom.protocol as string];
  return { ...custom, ready: custom.ready ?? own ?? null };
}

function conversionOf({ convert }: Written["model"]): Config["model"]["convert"] {
  if (!convert) return null;
  const { timeout, ...conversion } = convert;
  return { ...conversion, timeoutMilliseconds: timeout };
}

/** A sound configuration with units resolved and everything that is absent named. */
export const resolved = (written: Written, gates: readonly Check[], file: string): Config => ({
  file,
  model: {
    name: written.model.name,
    path: written.model.path,
    contract: { inputs: written.model.contract?.inputs ?? null, outputs: written.model.contract?.outputs ?? null },
    maxBytes: written.model.policy?.["max-size"] ?? null,
    convert: conversionOf(written.model),
  },
  image: {
    repository: written.image.repository ?? null,
    base: written.image.base ?? null,
    runtime: written.image.runtime,
    server: written.image.server ?? null,
    custom: customOf(written),
  },
  access: written.access ? accessOf(written.access) : null,
  protocol: dialectOf(written.protocol),
  smoke: written.smoke ?? null,
  evaluate: written.evaluate ? evaluateOf(written.evaluate) : null,
  load: written.load ? loadOf(written.load) : null,
  gates,
  promotion: promotionOf(written.promotion),
  signing: {
    method: written.signing?.method ?? "none",
    key: written.signing?.key ?? null,
    passphrase: written.signing?.passphrase ?? null,
    instance: written.signing?.instance ?? null,
  },
  trust: {
    keyFiles: written.trust.keys,
    identities: written.trust.identities.map(({ ref, ...identity }) => ({ ...identity, ref: ref ?? null })),
    trustedRoot: written.trust["trusted-root"] ?? null,
  },
  github: {
    deploymentRecord: written.github["deployment-record"],
    comment: written.github.comment,
    commitStatus: written.github["commit-status"],
    artifactRecord: written.github["artifact-record"],
  },
  environments: Object.fromEntries(
    Object.entries(written.environments).map(([name, { platform, ...options }]) => [
      name,
      { platform: platform as PlatformKind, options },
    ]),
  ),
});
