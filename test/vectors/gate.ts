import { type Digest, sha256 } from "../../src/domain/digest.ts";
import { checkOf, decide } from "../../src/domain/gate/decide.ts";
import { GateSyntaxError, parseCheck } from "../../src/domain/gate/parse.ts";
import type { CheckResult, OnInconclusive, Severity, Status } from "../../src/domain/gate/result.ts";
import { verdictOf } from "../../src/domain/gate/verdict.ts";
import type { Arguments } from "../../src/domain/metrics/arguments.ts";
import { confusion } from "../../src/domain/metrics/confusion.ts";
import { metrics } from "../../src/domain/metrics/index.ts";
import { compute, type RowMetric, type Rows } from "../../src/domain/metrics/metric.ts";
import type { Answers, Observations } from "../../src/domain/observations/observations.ts";
import { rowMetric } from "../domain/metrics/named.ts";

/** Vector file name → what the shipped code gets for the input of a case. */
type Runner = (input: never) => unknown;

const measure = (rows: Rows, name: string, args: Arguments = {}) => compute(rowMetric(name), rows, args);
const measureAll = (rows: Rows, names: readonly string[], args: Arguments = {}) =>
  Object.fromEntries(names.map((name) => [name, measure(rows, name, args)]));

function binary({ y_true, y_score, threshold }: { y_true: number[]; y_score: number[]; threshold: number }) {
  const labels = Uint8Array.from(y_score, (score) => (score >= threshold ? 1 : 0));
  const answers: Answers = { task: "binary", labels, scores: Float64Array.from(y_score) };
  const rows = { truth: Float64Array.from(y_true), classes: ["0", "1"], groups: null, answers };
  const [[tn = 0, fp = 0] = [], [fn = 0, tp = 0] = []] = confusion(y_true, labels, 2);
  const counts = ["accuracy", "precision", "recall", "specificity", "f1", "balanced_accuracy", "mcc", "kappa"];
  return {
    confusion: { tp, fp, fn, tn },
    ...measureAll(rows, [...counts, "roc_auc", "pr_auc", "log_loss", "brier"]),
    f2: measure(rows, "fbeta", { b: "2" }),
    ece15: measure(rows, "ece"),
    ece10: measure(rows, "ece", { bins: "10" }),
  };
}

function multiclass({ y_true, y_prob }: { y_true: number[]; y_prob: number[][] }) {
  const labels = Int32Array.from(y_prob, (row) => row.indexOf(Math.max(...row)));
  const answers: Answers = { task: "multiclass", labels, probabilities: y_prob.map((row) => Float64Array.from(row)) };
  const classes = y_prob[0]!.map((_, index) => `c${index}`);
  const rows = { truth: Float64Array.from(y_true), classes, groups: null, answers };
  const three = ["precision", "recall", "f1"];
  return {
    confusion: confusion(y_true, labels, classes.length),
    ...measureAll(rows, ["accuracy", "balanced_accuracy", "mcc", "kappa", "log_loss", "brier"]),
    macro: measureAll(rows, three),
    micro: measureAll(rows, three, { average: "micro" }),
    weighted: measureAll(rows, three, { average: "weighted" }),
    per_class: classes.map((name, index) => ({
      ...measureAll(rows, three, { class: name }),
      support: y_true.filter((value) => value === index).length,
    })),
    top2: measure(rows, "topk", { k: "2" }),
    ece15_top: measure(rows, "ece_top"),
    roc_auc_ovr_macro: measure(rows, "roc_auc"),
    roc_auc_ovr_weighted: measure(rows, "roc_auc", { average: "weighted" }),
    roc_auc_ovo_macro: measure(rows, "roc_auc", { average: "ovo" }),
  };
}

function regression({ y_true, y_pred }: { y_true: number[]; y_pred: number[] }) {
  const answers: Answers = { task: "regression", values: Float64Array.from(y_pred) };
  const rows = { truth: Float64Array.from(y_true), classes: [], groups: null, answers };
  const names = metrics.flatMap(([name, metric]) =>
    metric.kind === "rows" && metric.tasks.includes("regression") && name !== "pinball" && name !== "kendall"
      ? [name]
      : [],
  );
  return {
    ...measureAll(rows, names),
    pinball_90: measure(rows, "pinball", { q: "0.9" }),
    kendall_tau_b: measure(rows, "kendall"),
  };
}

function syntax(text: string) {
  try {
    const { metric, args, stat, op, right, confidence, by, min } = parseCheck(text);
    const { unit: _unit, ...rhs } = right;
    return {
      metric,
      op,
      rhs,
      confidence,
      ...(Object.keys(args).length > 0 ? { args } : {}),
      ...(stat === null ? {} : { stat }),
      ...(by.length > 0 ? { by } : {}),
      ...(min === null ? {} : { min }),
    };
  } catch (error) {
    if (error instanceof GateSyntaxError) return { error: true };
    throw error;
  }
}

interface Data {
  y: number[];
  cand: number[];
  champ?: number[];
  champion_exists?: boolean;
}

/** Labels, scores or numbers, whichever the metric of the check looks at. */
function answersOf(metric: RowMetric, name: string, numbers: number[], classes: number): Answers {
  if (metric.tasks[0] === "regression") return { task: "regression", values: Float64Array.from(numbers) };
  if (["roc_auc", "pr_auc", "log_loss", "brier", "ece"].includes(name))
    return {
      task: "binary",
      labels: Uint8Array.from(numbers, (score) => (score >= 0.5 ? 1 : 0)),
      scores: Float64Array.from(numbers),
    };
  return classes > 2
    ? { task: "multiclass", labels: Int32Array.from(numbers), probabilities: null }
    : { task: "binary", labels: Uint8Array.from(numbers), scores: null };
}

function observe(
  text: string,
  { y, cand, champ, champion_exists }: Data,
  columns: Record<string, string[]> = {},
): Observations {
  const name = parseCheck(text).metric;
  const metric = rowMetric(name);
  const count = Math.max(
    2,
    ...[y, cand, champ ?? []].flatMap((labels) => labels.filter(Number.isInteger)).map((label) => label + 1),
  );
  const task = answersOf(metric, name, cand, count).task;
  return {
    task,
    classes:
      task === "regression" ? [] : Array.from({ length: task === "binary" ? 2 : count }, (_, label) => String(label)),
    truth: Float64Array.from(y),
    groups: null,
    candidate: answersOf(metric, name, cand, count),
    champion: champ ? answersOf(metric, name, champ, count) : null,
    championState: champ ? "present" : champion_exists === false ? "none" : "unavailable",
    slices: columns,
    failedRows: 0,
    load: null,
  };
}

/** A finding as the vectors write it: numbers that do not apply are left out. */
function written(found: CheckResult) {
  const { status, reason, value, ref, estimate, bound, lower, upper, n, method, discordant, tail, B } = found;
  const present = Object.entries({ n, bound, value, ref, estimate, discordant, B, reason }).filter(
    ([, field]) => field !== null,
  );
  const missing = status === "inconclusive" && reason !== null && reason !== "min_n";
  return {
    ...Object.fromEntries(present),
    ...(method === null ? {} : { method, lower, upper }),
    ...(method === "tango" || method === "clopper-pearson" ? { p_low: tail } : {}),
    ...(missing ? { undefined: reason } : {}),
    status,
  };
}

/** The vectors shorten digests. */
const areSeeds = (parts: string[]): parts is [string, Digest, Digest, Digest, string] => parts.length === 5;

function decision({ check, data, seed, B }: { check: string; data: Data; seed: string; B: number }) {
  const parts = seed.split("|");
  if (!areSeeds(parts)) throw new Error(`${seed} is no seed`);
  const [, candidate, champion, rows] = parts;
  const context = { seeds: { candidate, champion, data: rows }, replicates: B, firstPromotion: "allow" as const };
  return written(decide(checkOf(check), observe(check, data), context));
}

function slices(input: { check: string; data: Data; labels: string[]; min_slice: number }) {
  const text = `${input.check} by label [min ${input.min_slice}]`;
  const seeds = { candidate: sha256("a"), champion: sha256("b"), data: sha256("c") };
  const found = decide(checkOf(text), observe(text, input.data, { label: input.labels }), {
    seeds,
    firstPromotion: "allow",
  });
  const judged = found.slices?.judged ?? [];
  return {
    status: found.status,
    failed: judged.filter(({ failed }) => failed).map(({ name }) => name),
    holm: Object.fromEntries(judged.map(({ name, adjusted }) => [name, adjusted])),
    slices: Object.fromEntries(
      judged.map(({ name, status, n, estimate, lower, upper }) => [name, { status, n, estimate, lower, upper }]),
    ),
    small: (found.slices?.small ?? []).map(({ name, n }) => [name, n]),
  };
}

const verdict = (checks: { status: Status; severity: Severity; on_inconclusive: OnInconclusive }[]) =>
  verdictOf(
    checks.map(({ status, severity, on_inconclusive }) => ({ status, severity, onInconclusive: on_inconclusive })),
  );

export const gateRunners: Readonly<Record<string, Runner>> = {
  classification_binary: binary,
  classification_multiclass: multiclass,
  regression,
  gate_syntax: syntax,
  gate_decision: decision,
  gate_slices: slices,
  gate_verdict: verdict,
};
