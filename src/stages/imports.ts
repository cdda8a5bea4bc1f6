import type { Digest } from "../domain/digest.ts";
import { type JsonValue, readJson } from "../domain/json.ts";
import { type ImportedMetric, importedValue, strangerOf } from "../domain/outside/imported.ts";
import { isMissing, type Outside, type OutsideMetric, type Reported } from "../domain/outside/measured.ts";
import type { Problem } from "../domain/problem.ts";
import type { ImportedResults, Importer } from "../ports/importer.ts";

/** Results of another tool. */
export interface ImportSettings {
  tool: string;
  /** The file, as the configuration names it. */
  from: string;
  metrics: Readonly<Record<string, ImportedMetric>>;
}

export interface ImportsOptions {
  imports: Readonly<Record<string, ImportSettings>>;
  importer: (tool: string) => Importer;
  /** A file that the configuration names; null: it is not there. */
  readText: (path: string) => Promise<string | null>;
  /** The image that is evaluated. */
  digest: Digest;
  /** What the champion's own evaluation took from the results about it; null: there is no such evaluation. */
  champion: Outside | null;
  /** Told what is wrong with a file; what depends on it is an error of the verdict. */
  warn: (problem: Problem) => void;
}

type Read = Pick<ImportedResults, "values"> | { missing: string };

function parsed(text: string, from: string): JsonValue {
  try {
    return readJson(text);
  } catch (error) {
    throw new RangeError(`${from} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The results in a file, or why they do not count for this image. */
async function readResults(
  { tool, from }: ImportSettings,
  { importer, readText, digest }: ImportsOptions,
): Promise<Read> {
  const text = await readText(from);
  if (text === null) return { missing: `there is no ${from}` };
  const { imageBy, read } = importer(tool);
  try {
    const { image, values } = read(parsed(text, from));
    const stranger = strangerOf(image, digest, imageBy);
    return stranger === null ? { values } : { missing: `${from} does not count: ${stranger}` };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { missing: `${from} cannot be read: ${error.message}` };
  }
}

/** What the champion's own evaluation has for the same metric, when it was measured in the same way. */
function ofChampion(
  name: string,
  metric: Pick<OutsideMetric, "unit" | "direction" | "source">,
  champion: Outside | null,
): Reported | null {
  if (champion === null) return null;
  const own = Object.hasOwn(champion, name) ? champion[name] : undefined;
  if (!own) return { missing: `the champion's own evaluation has no ${name}; evaluate it with its results` };
  const same = own.unit === metric.unit && own.direction === metric.direction && own.source === metric.source;
  return same ? own.candidate : { missing: `it was measured otherwise: ${own.source ?? "by a script"}` };
}

/** Takes metrics from the results of other tools. A file that is missing, or of another image, makes every metric of it missing. */
export async function readImports(options: ImportsOptions): Promise<Outside> {
  const measured: Record<string, OutsideMetric> = {};
  for (const [name, settings] of Object.entries(options.imports)) {
    const results = await readResults(settings, options);
    for (const [metric, declared] of Object.entries(settings.metrics)) {
      const { of, ...as } = declared;
      const candidate = "missing" in results ? results : importedValue(declared, results.values);
      const version = "missing" in results ? undefined : results.values.get(of)?.version;
      const source = `${settings.tool} ${of}${version === undefined ? "" : ` (${version})`}`;
      if (isMissing(candidate)) options.warn(missingProblem(`${name}.${metric}`, name, candidate.missing));
      const champion = ofChampion(`${name}.${metric}`, { ...as, source }, options.champion);
      measured[`${name}.${metric}`] = { ...as, source, candidate, champion };
    }
  }
  return measured;
}

const missingProblem = (metric: string, name: string, missing: string): Problem => ({
  code: "evaluate.import",
  message: `${metric} is not measured: ${missing}`,
  hint: "Gates on it are errors in this run.",
  at: { file: "modelgate.yml", key: `evaluate.imports.${name}` },
});
