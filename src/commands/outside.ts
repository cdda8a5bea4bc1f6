import { comparisonsOf } from "../domain/gate/decide.ts";
import type { Outside } from "../domain/outside/measured.ts";
import type { Release, Running } from "../domain/release.ts";
import { runScripts, type ScriptSubject } from "../stages/scripts.ts";
import type { BesideCandidate } from "./champion.ts";
import { evaluateSettings } from "./data.ts";
import type { Workshop } from "./workshop.ts";

/** The share of rows that may be without a score where rows may be left out and the configuration names none. */
const usuallyUnscored = 0.005;

/** Whether the configuration has something measured by others. */
export const isMeasuredOutside = (shop: Workshop): boolean => Object.keys(evaluateSettings(shop).commands).length > 0;

/** Whether some gate compares a metric with the champion. */
const comparedIn = ({ config }: Workshop): ((metric: string) => boolean) => {
  const compared = config.gates
    .flatMap(comparisonsOf)
    .flatMap(({ parsed }) => (parsed.right.kind === "ref" ? [parsed.metric] : []));
  return (metric) => compared.includes(metric);
};

/** What others measure of a release where it runs, and of the champion beside it. */
export function measureOutside(
  shop: Workshop,
  about: { release: Release; running: Running; champion: BesideCandidate; rows: number },
  signal: AbortSignal,
): Promise<Outside> {
  const { release, running, champion, rows } = about;
  const { commands, data, failedRows, maxFailed } = evaluateSettings(shop);
  const candidate: ScriptSubject = { image: release.image, endpoint: running.endpoint, model: release.model.name };
  return runScripts({
    scripts: commands,
    candidate,
    champion: champion && "endpoint" in champion ? champion : null,
    compared: comparedIn(shop),
    data: shop.resolve(data),
    asked: { rows, mostUnscored: failedRows === "exclude" ? (maxFailed ?? usuallyUnscored) : 0 },
    runner: shop.scripts,
    warn: (problem) => shop.host.warn({ ...problem, at: { ...problem.at, file: shop.config.file } }),
    note: (text) => shop.host.note(text),
    signal,
  });
}
