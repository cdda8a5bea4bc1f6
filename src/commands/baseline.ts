import { basename } from "node:path";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { canonicalJson, type Json } from "../domain/canonical.ts";
import { sha256 } from "../domain/digest.ts";
import { filesAmong } from "../domain/files-among.ts";
import { comparePolicies, isLoosened, type PolicyComparison, type PolicyFacts } from "../domain/loosened.ts";
import { UserError } from "../domain/problem.ts";
import { policyOf } from "./data.ts";
import type { Workshop } from "./workshop.ts";

/** How the policy in force here lies to the protected branch's. */
export type Standing =
  | { kind: "compared"; branch: string; commit: string; config: Config; comparison: PolicyComparison }
  | { kind: "unknown"; branch: string; why: string };

/** Reads a file the configuration names; null when it is not there. */
type Reader = (path: string) => Promise<string | null>;

/** What of a load test decides: its pace and length, and whatever else it does. */
async function loadFacts(load: Config["load"], read: Reader): Promise<PolicyFacts["load"]> {
  if (!load) return null;
  const { warmupMilliseconds: _warmup, timeoutMilliseconds: _timeout, plan, ...more } = load;
  const { ratePerSecond, milliseconds, ...how } = { ratePerSecond: null, milliseconds: null, ...plan };
  const arrivals = plan.profile === "replay" ? sha256((await read(plan.arrivals)) ?? "") : null;
  return { ratePerSecond, milliseconds, rest: canonicalJson({ ...how, ...more, arrivals } as unknown as Json) };
}

/** The scripts and schemas that measure, by what is in them: whoever changes one changes what is measured. Words that are no file say it themselves. */
async function scriptsOf({ evaluate }: Config, read: Reader): Promise<Record<string, string>> {
  const words = Object.values(evaluate?.commands ?? {}).flatMap(({ run }) => run);
  const schemas = Object.values(evaluate?.rules ?? {}).flatMap((rule) =>
    "schemaFile" in rule ? [rule.schemaFile] : [],
  );
  // What lies outside of the repository is on no branch.
  const files = [...filesAmong(words).filter((word) => !word.startsWith("/")), ...schemas];
  const texts = await Promise.all(files.map((file) => read(file).catch(() => null)));
  return Object.fromEntries(files.map((file, index) => [file, sha256(texts[index] ?? `no ${file}`)]));
}

/** All of a configuration that decides. `data`: how the labelled data are told apart. */
async function factsOf(config: Config, data: string | null, read: Reader): Promise<PolicyFacts> {
  const { evaluate, promotion, trust, load } = config;
  const { data: _, ...reading } = evaluate ?? { data: null };
  const files = [...trust.keyFiles, ...(trust.trustedRoot === null ? [] : [trust.trustedRoot])];
  const keys = await Promise.all(files.map(async (file) => sha256((await read(file))?.trim() ?? `no ${file}`)));
  const { approval } = promotion;
  return {
    policy: policyOf(config),
    maxAgeMs: promotion.maxAgeMilliseconds,
    data,
    reading: canonicalJson({ ...reading, scripts: await scriptsOf(config, read) } as unknown as Json),
    load: await loadFacts(load, read),
    trust: { keys, identities: trust.identities },
    approval: approval === null ? 0 : approval.required === "always" ? 2 : 1,
    approvers: approval?.by ?? [],
  };
}

/** Compares the configuration with the one on the branch `promotion.baseline`. */
export async function standingOf(shop: Workshop, signal: AbortSignal): Promise<Standing> {
  const { config, protectedBranch: there, readText, resolve } = shop;
  const branch = config.promotion.baseline;
  const unknown = (why: string): Standing => ({ kind: "unknown", branch, why });
  const commit = await there.commit(branch, signal);
  if (commit === null) return unknown(`the branch ${branch} is not in this clone`);
  const text = await there.text(commit, basename(config.file), signal);
  if (text === null) return unknown(`${config.file} is not on the branch ${branch}`);
  let before: Config;
  try {
    before = loadConfig(text, `${config.file} on ${branch}`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return unknown(`${config.file} on the branch ${branch} cannot be read: ${error.problems[0]?.message}`);
  }
  const file = config.evaluate?.data ?? null;
  const same = file !== null && file === before.evaluate?.data && (await there.isSame(commit, file, signal));
  const [was, is] = await Promise.all([
    factsOf(before, same ? file : `${branch}:${before.evaluate?.data ?? ""}`, (path) =>
      there.text(commit, path, signal),
    ),
    factsOf(config, file === null && before.evaluate === null ? `${branch}:` : file, (path) => readText(resolve(path))),
  ]);
  return { kind: "compared", branch, commit, config: before, comparison: comparePolicies(was, is) };
}

/**
 * Whether a promotion needs somebody to agree because of the policy. What cannot be compared counts as loosened in a workflow,
 * where anybody may have started it from any branch; on a terminal it is said.
 */
export function needsAgreement(shop: Workshop, standing: Standing): boolean {
  if (standing.kind === "compared") return isLoosened(standing.comparison);
  const message = `the policy cannot be compared with the protected branch's: ${standing.why}`;
  const hint =
    "In a workflow check out with fetch-depth: 0, so that the branch is there; promotion.baseline names it (default main).";
  if (shop.host.job === null) shop.host.note(message);
  else shop.host.warn({ code: "promote.policy-unknown", message, hint, at: { file: shop.config.file } });
  return shop.host.job !== null;
}
