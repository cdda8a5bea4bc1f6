import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { PlatformKind } from "../adapters/platforms/index.ts";
import { checkProblems } from "../domain/gate/check.ts";
import { type Check, checkOf } from "../domain/gate/decide.ts";
import { GateSyntaxError } from "../domain/gate/parse.ts";
import { type Problem, UserError } from "../domain/problem.ts";
import type { Config } from "./config.ts";
import { problemsOf } from "./issues.ts";
import { knownKeys } from "./keys.ts";
import { Positions } from "./positions.ts";
import { configSchema, type Written } from "./schema.ts";

const textLimit = 2 ** 20;
const aliasLimit = 50;

/** Parses the YAML. @throws UserError with every syntax error, at its place. */
function parse(text: string, file: string) {
  if (text.length > textLimit)
    throw new UserError([
      {
        code: "config.syntax",
        message: `${file} has ${text.length} characters`,
        hint: `A configuration has at most ${textLimit}. Is it the right file?`,
        at: { file },
      },
    ]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const positions = new Positions(document, lines);
  if (document.errors.length > 0)
    throw new UserError(
      document.errors.map((error) => ({
        code: "config.syntax",
        message: `${file} is not sound YAML: ${error.message}`,
        hint: "Look at the line and the one above: indentation, quotes, colons and repeated keys are the usual reasons.",
        at: { file, ...positions.at(error.pos[0]) },
      })),
    );
  try {
    return { value: document.toJS({ maxAliasCount: aliasLimit }) as unknown, positions };
  } catch (error) {
    throw new UserError([
      {
        code: "config.syntax",
        message: `${file}: ${(error as Error).message}`,
        hint: `Use at most ${aliasLimit} aliases; write repeated parts out.`,
        at: { file, line: 1, column: 1 },
      },
    ]);
  }
}

/** Classes in the order the answers have them; binary: the positive one second. */
function classesOf(
  evaluate: NonNullable<Written["evaluate"]>,
  problem: (path: PropertyKey[], message: string, hint: string) => void,
): readonly string[] {
  const { task, classes = [], positive } = evaluate;
  if (task === "regression") {
    if (classes.length > 0)
      problem(["evaluate", "classes"], "a regression has no classes", "Remove evaluate.classes, or set another task.");
    return [];
  }
  if (classes.length === 0)
    problem(
      ["evaluate"],
      "evaluate.classes is missing",
      "List the class names in the order of the model's probabilities.",
    );
  if (new Set(classes).size < classes.length)
    problem(["evaluate", "classes"], "a class stands twice in evaluate.classes", "Name each class once.");
  if (task !== "binary") return classes;
  if (classes.length > 2)
    problem(
      ["evaluate", "classes"],
      `a binary task has two classes, and ${classes.length} are listed`,
      "Set task: multiclass, or list two classes.",
    );
  if (positive === undefined || classes[1] === positive) return classes;
  if (!classes.includes(positive))
    problem(
      ["evaluate", "positive"],
      `the positive class "${positive}" is not among the classes`,
      `Allowed: ${classes.join(", ")}.`,
    );
  else
    problem(
      ["evaluate", "positive"],
      `the positive class "${positive}" must be the second of evaluate.classes`,
      `Write classes: [${[...classes].toReversed().join(", ")}], if the model's output has that order.`,
    );
  return classes;
}

type Report = (
  path: readonly PropertyKey[],
  message: string,
  hint: string,
  code?: Problem["code"],
  shift?: number,
) => void;

/** The gates, parsed and checked against what is measured. */
function gatesOf(written: Written, classes: readonly string[], report: Report): Check[] {
  const { evaluate, load } = written;
  return written.gates.flatMap((gate, index): Check[] => {
    const path = typeof gate === "string" ? ["gates", index] : ["gates", index, "check"];
    const text = typeof gate === "string" ? gate : gate.check;
    try {
      const check: Check =
        typeof gate === "string"
          ? checkOf(text)
          : { ...checkOf(text), severity: gate.severity, onInconclusive: gate.on_inconclusive };
      if (!evaluate) {
        if (index === 0)
          report(
            ["gates"],
            "there are gates, and evaluate is missing: nothing would be measured",
            "Add evaluate with the labelled data.",
            "config.missing",
          );
        return [check];
      }
      const setting = { task: evaluate.task, classes, sliceColumns: evaluate.slices, hasLoad: load !== undefined };
      for (const { message, hint, column } of checkProblems(check, setting))
        report(path, `"${text}": ${message}`, `${hint}.`.replace(/\.\.$/, "."), "config.gate", column - 1);
      return [check];
    } catch (error) {
      if (!(error instanceof GateSyntaxError)) throw error;
      report(path, error.message, `${error.hint}.`.replace(/\.\.$/, "."), "config.gate", error.column - 1);
      return [];
    }
  });
}

function environmentsOf(written: Written, report: Report): Config["environments"] {
  return Object.fromEntries(
    Object.entries(written.environments).map(([name, { platform, ...options }]) => {
      if (platform === "docker" && written.image.repository === undefined)
        report(
          ["environments", name, "platform"],
          `environments.${name} uses docker, and image.repository is missing`,
          "An engine cannot pull from the embedded registry: set image.repository, or platform: local.",
          "config.missing",
        );
      return [name, { platform: platform as PlatformKind, options }];
    }),
  );
}

/** A configuration's written form with units resolved and everything named that is absent. */
function resolved(written: Written, file: string, report: Report): Config {
  const { model, image, evaluate, load, promotion } = written;
  const classes = evaluate ? classesOf(evaluate, report) : [];
  return {
    file,
    model: {
      name: model.name,
      path: model.path,
      contract: { inputs: model.contract?.inputs ?? null, outputs: model.contract?.outputs ?? null },
      maxBytes: model.policy?.["max-size"] ?? null,
    },
    image: {
      repository: image.repository ?? null,
      base: image.base ?? null,
      runtime: image.runtime,
      server: image.server ?? null,
    },
    smoke: written.smoke ?? null,
    evaluate: evaluate
      ? {
          data: evaluate.data,
          task: evaluate.task,
          inputs: evaluate.inputs,
          label: evaluate.label,
          id: evaluate.id ?? null,
          classes,
          threshold: evaluate.threshold,
          output: evaluate.output ?? null,
          slices: evaluate.slices,
          concurrency: evaluate.concurrency,
          failedRows: evaluate["failed-rows"],
          maxFailed: evaluate["max-failed"] ?? null,
        }
      : null,
    load: load
      ? {
          profile: load.profile,
          ratePerSecond: load.rate,
          milliseconds: load.duration,
          warmupMilliseconds: load.warmup ?? 2000,
          timeoutMilliseconds: load.timeout ?? 30_000,
        }
      : null,
    gates: gatesOf(written, classes, report),
    promotion: { maxAgeMilliseconds: promotion["max-age"] ?? 7 * 86_400_000, first: promotion.first },
    environments: environmentsOf(written, report),
  };
}

/**
 * Reads a configuration. @param file its name, for problems.
 * @throws UserError with all problems at once, each with line, column, key, what is allowed and a suggestion.
 */
export function loadConfig(text: string, file: string): Config {
  const { value, positions } = parse(text, file);
  const result = configSchema.safeParse(value, { reportInput: true });
  const place = {
    file,
    positions,
    known: knownKeys(z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" })),
  };
  if (!result.success) throw new UserError(result.error.issues.flatMap((issue) => problemsOf(issue, place)));
  const problems: Problem[] = [];
  const report: Report = (path, message, hint, code = "config.value", shift = 0) => {
    const at = code === "config.gate" ? positions.text(path) : positions.value(path);
    problems.push({ code, message, hint, at: { file, line: at.line, column: at.column + shift, key: path.join(".") } });
  };
  const config = resolved(result.data, file, report);
  if (problems.length > 0) throw new UserError(problems);
  return config;
}
