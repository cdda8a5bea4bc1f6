import { type DeclaredMetric } from "./declared.ts";
import { isMissing, measuredValue, type Reported } from "./measured.ts";

/** One number of the results of another tool. */
export interface ImportedValue {
  /** A number, unless the tool made none. */
  value: unknown;
  /** Standard error of the value; null: the tool gives none. */
  error: number | null;
  /** How many answers it was measured on; null: the tool does not say. */
  n: number | null;
  /** Which way is better, where the tool says it. */
  better: DeclaredMetric["direction"] | null;
  /** What was measured, so that numbers of two runs can be told apart: the task's version, the number of examples shown. */
  version: string;
}

/** A metric taken from the results of another tool. */
export interface ImportedMetric extends DeclaredMetric {
  /** What the tool calls it. */
  of: string;
}

const isCount = (n: number | null): n is number => n !== null && Number.isSafeInteger(n) && n > 0;
const isError = (error: number | null): error is number => error !== null && Number.isFinite(error) && error >= 0;

/** What the results say of a metric. A standard error counts together with the number of answers it is from. */
export function importedValue(declared: ImportedMetric, values: ReadonlyMap<string, ImportedValue>): Reported {
  const found = values.get(declared.of);
  if (!found) {
    const names = [...values.keys()];
    const some = names.slice(0, 8).join("; ");
    return {
      missing: `the results have no ${declared.of}; they have ${some || "no number"}${names.length > 8 ? "; …" : ""}`,
    };
  }
  const { value, error, n, better } = found;
  if (better !== null && better !== declared.direction) return { missing: `the results say that ${better} is better` };
  const measured = measuredValue(value, declared);
  if (isMissing(measured) || !isCount(n)) return measured;
  return { ...measured, n, ...(isError(error) && { error }) };
}

/** The digest in the image that results name, or why they are not of this image. */
export function strangerOf(named: string | null, digest: string, imageBy: string): string | null {
  if (named === null) return `it does not say which image it measured: ${imageBy}`;
  const [own] = /(?<=^|@)sha256:[0-9a-f]{64}$/.exec(named.trim()) ?? [];
  if (own === undefined) return `it names the image ${JSON.stringify(named.slice(0, 120))}, which has no digest`;
  return own === digest ? null : `it measured ${own}, and this image is ${digest}`;
}
