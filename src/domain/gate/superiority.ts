import { mcnemar } from "../statistics/paired-binary.ts";
import { signFlip } from "../statistics/paired-mean.ts";
import type { Clusters } from "./clusters.ts";
import { factor, type Question, type Subject, sidesOf } from "./question.ts";
import type { TestResult } from "./result.ts";
import { scoresOf } from "./scores.ts";

/** Signs drawn in all; with more rows than these allow the t bounds say the same. */
const mostSigns = 40_000_000;

/** The sums of each cluster: under no difference a whole cluster turns its sign. */
function sums(differences: Float64Array, { of, sizes }: Clusters): Float64Array {
  const each = new Float64Array(sizes.length);
  for (const [index, difference] of differences.entries()) each[of[index]!]! += difference;
  return each;
}

/**
 * Tests of whether the candidate is better than the champion on the same rows: McNemar's for 0/1 outcomes, mid-p (Fagerland
 * and others 2013) and exact, and the sign-flip permutation test for means and for rows in groups. One-sided: the chance of
 * an advantage at least as large as seen if both were equally good. They are shown and never decide. None where the metric is
 * no mean over rows that both share, or where more or less of it is neither better nor worse.
 */
export function superiorityTests(question: Question, subject: Subject): TestResult[] {
  const { metric, check, replicates, seed } = question;
  const scores = factor(check) === 0 || metric.direction === "zero" ? null : scoresOf(question, sidesOf(subject));
  if (!scores?.other || scores.own.length === 0) return [];
  const sign = metric.direction === "higher" ? 1 : -1;
  const advantages = scores.own.map((score, i) => sign * (score - scores.other![i]!));
  if (metric.bound.kind === "binomial" && !scores.clusters) {
    const won = advantages.filter((advantage) => advantage > 0).length;
    const { midPGreater, exactGreater } = mcnemar(won, advantages.filter((advantage) => advantage < 0).length);
    return [
      { name: "McNemar mid-p", p: midPGreater },
      { name: "McNemar exact", p: exactGreater },
    ];
  }
  const units = scores.clusters ? sums(advantages, scores.clusters) : advantages;
  if (units.length * replicates > mostSigns) return [];
  const name = scores.clusters ? "sign-flip of groups" : "sign-flip";
  return [{ name, p: signFlip(units, { draws: replicates, seed: `${seed}|sign-flip` }) }];
}
