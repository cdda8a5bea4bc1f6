import type { RowMetric, Rows } from "../metrics/metric.ts";
import type { Answers, Truth } from "../observations/observations.ts";
import type { ParsedCheck } from "./parse.ts";

/** The rows a check looks at. `champion` is null when the check compares with a number. */
export interface Subject {
  truth: Truth;
  classes: readonly string[];
  /** Index of the group of each row; null: every row by itself. */
  groups: Int32Array | null;
  candidate: Answers;
  champion: Answers | null;
}

/** A metric and how it is asked. */
export interface Question {
  metric: RowMetric;
  check: ParsedCheck;
  /** Least number of rows, or of groups of them, that count. */
  least: number;
  confidence: number | null;
  seed: string;
  replicates: number;
}

/** The rows as each model answered them. */
export interface Sides {
  candidate: Rows;
  champion: Rows | null;
}

/** What each model answered, beside the truth. */
export const sidesOf = ({ truth, classes, groups, candidate, champion }: Subject): Sides => ({
  candidate: { truth, classes, groups, answers: candidate },
  champion: champion && { truth, classes, groups, answers: champion },
});

/** The factor of the reference in the contrast: 0 when the check compares with a number. */
export const factor = ({ right }: ParsedCheck): number => (right.kind === "ref" ? right.mul : 0);

/** What the contrast is held against. */
export const boundOf = ({ right }: ParsedCheck): number => (right.kind === "ref" ? right.off : right.value);
