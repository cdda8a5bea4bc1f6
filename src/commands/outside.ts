import { evaluationFromJson } from "../domain/evaluation.ts";
import { comparisonsOf } from "../domain/gate/decide.ts";
import type { Image } from "../domain/image.ts";
import type { Outside } from "../domain/outside/measured.ts";
import type { Problem } from "../domain/problem.ts";
import type { Release, Running } from "../domain/release.ts";
import { isTrusted } from "../domain/stated.ts";
import { readImports } from "../stages/imports.ts";
import { runScripts, type ScriptSubject } from "../stages/scripts.ts";
import type { BesideCandidate } from "./champion.ts";
import { evaluateSettings, isSigned } from "./data.ts";
import type { Workshop } from "./workshop.ts";

/** The share of rows that may be without a score where rows may be left out and the configuration names none. */
const usuallyUnscored = 0.005;

/** Whether the configuration has something measured by others. */
export function isMeasuredOutside(shop: Workshop): boolean {
  const { commands, imports } = evaluateSettings(shop);
  return Object.keys(commands).length + Object.keys(imports).length > 0;
}

/** Whether some gate compares a metric with the champion. */
const comparedIn = ({ config }: Workshop): ((metric: string) => boolean) => {
  const compared = config.gates
    .flatMap(comparisonsOf)
    .flatMap(({ parsed }) => (parsed.right.kind === "ref" ? [parsed.metric] : []));
  return (metric) => compared.includes(metric);
};

/** What the champion's own evaluation was told by other tools; nothing without an evaluation that counts. */
async function outsideOfChampion(shop: Workshop, image: Image, signal: AbortSignal): Promise<Outside> {
  const stored = await shop.evidence.list(image, "evaluation", signal);
  const newest = stored.find((one) => isTrusted(one, isSigned(shop)));
  return (newest && evaluationFromJson(newest.body).observations.outside) ?? {};
}

export interface OutsideSubject {
  release: Release;
  running: Running;
  champion: BesideCandidate;
  /** Rows of the data set. */
  rows: number;
}

/** What others measure of a release where it runs, and of the champion beside it. */
export async function measureOutside(shop: Workshop, about: OutsideSubject, signal: AbortSignal): Promise<Outside> {
  const { release, running, champion, rows } = about;
  const { commands, imports, data, failedRows, maxFailed } = evaluateSettings(shop);
  const candidate: ScriptSubject = { image: release.image, endpoint: running.endpoint, model: release.model.name };
  const warn = (problem: Problem): void =>
    shop.host.warn({ ...problem, at: { ...problem.at, file: shop.config.file } });
  const scripts = await runScripts({
    scripts: commands,
    candidate,
    champion: champion && "endpoint" in champion ? champion : null,
    compared: comparedIn(shop),
    data: shop.resolve(data),
    asked: { rows, mostUnscored: failedRows === "exclude" ? (maxFailed ?? usuallyUnscored) : 0 },
    runner: shop.scripts,
    warn,
    note: (text) => shop.host.note(text),
    signal,
  });
  const compared = Object.entries(imports).flatMap(([name, { metrics }]) =>
    Object.keys(metrics).map((metric) => `${name}.${metric}`),
  );
  const wanted = champion !== null && compared.some(comparedIn(shop));
  // A script may have left the results: they are read after it.
  const imported = await readImports({
    imports,
    importer: (tool) => shop.importer(tool),
    readText: (path) => shop.readText(shop.resolve(path)),
    digest: release.image.digest,
    champion: wanted ? await outsideOfChampion(shop, champion.image, signal) : null,
    warn,
  });
  return { ...scripts, ...imported };
}
