import type { z } from "zod";
import { type Problem, UserError } from "../domain/problem.ts";
import { allowedAt, writtenSchema } from "./allowed.ts";
import type { Config } from "./config.ts";
import { problemsOf } from "./issues.ts";
import type { Positions } from "./positions.ts";
import { reporter } from "./report.ts";
import { crossCheck, type Parts, resolved } from "./resolve.ts";
import { configSchema } from "./schema.ts";
import { readYaml } from "./yaml.ts";

/** More problems than this would hide each other. */
const mostProblems = 100;

/** What can be read of a configuration that is not sound: each top-level part by itself. */
function partsOf(value: unknown): Parts {
  const written = typeof value === "object" && value !== null ? value : {};
  const parts = Object.entries(configSchema.shape).map(([key, schema]) => {
    const own: unknown = Object.hasOwn(written, key) ? (written as Record<string, unknown>)[key] : undefined;
    const result = schema.safeParse(own);
    return [key, result.success ? result.data : null];
  });
  return Object.fromEntries(parts) as Parts;
}

const byPlace = (a: Problem, b: Problem): number =>
  (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);

/** Problems in the order of the file, each key's once, and not more than can be read. */
function arranged(problems: readonly Problem[], file: string): Problem[] {
  const same = (a: Problem, b: Problem): boolean => a.code === b.code && a.at?.key === b.at?.key;
  const first = problems.slice(0, mostProblems);
  const once = first.filter(
    (one, index) => one.code === "config.gate" || first.findIndex((other) => same(one, other)) === index,
  );
  const shown = once.toSorted(byPlace);
  const left = problems.length - first.length;
  if (left === 0) return shown;
  const message = `${file} has ${left} more problems`;
  return [
    ...shown,
    {
      code: "config.value",
      message,
      hint: "Mend these first. Is it the right file?",
      at: { file, line: 1, column: 1 },
    },
  ];
}

function keyProblems(issues: readonly z.core.$ZodIssue[], file: string, positions: Positions): Problem[] {
  const place = { file, positions, allowedAt: allowedAt(writtenSchema()) };
  return issues.flatMap((issue) => problemsOf(issue, place));
}

/**
 * Reads a configuration.
 * @param file its name, for problems.
 * @throws UserError with all problems at once, each with line, column, key, what is allowed and a suggestion.
 */
export function loadConfig(text: string, file: string): Config {
  const { value, positions, problems } = readYaml(text, file);
  const result = configSchema.safeParse(value, { reportInput: true });
  const inKeys = result.success ? [] : keyProblems(result.error.issues, file, positions);
  const report = reporter(file, positions);
  const gates = crossCheck(result.success ? result.data : partsOf(value), report);
  const all = [...problems, ...inKeys, ...report.problems];
  if (all.length > 0 || !result.success) throw new UserError(arranged(all, file));
  return resolved(result.data, gates, file);
}
