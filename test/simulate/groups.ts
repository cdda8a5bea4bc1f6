import { sha256 } from "../../src/domain/digest.ts";
import { anyOfCheck, checkOf, type DecisionContext, decide } from "../../src/domain/gate/decide.ts";
import type { Answers, Observations } from "../../src/domain/observations/observations.ts";
import { type Generator, xoshiro } from "../../src/domain/statistics/prng.ts";
import { normal, numbers } from "./draw.ts";
import { atLeast, atMost, judged, type Line } from "./scenario.ts";
import type { World } from "./worlds.ts";

/** Rows of one user. */
const size = 10;
const users = (n: number): string[] => Array.from({ length: n }, (_, row) => `user ${Math.floor(row / size)}`);

/** Rows with a chance of `p`, of which this share does what the first draw of their user did: its square is the correlation. */
function alike({ f64 }: Generator, n: number, { p, share }: { p: number; share: number }): Float64Array {
  let first = false;
  return numbers(n, (row) => {
    if (row % size === 0) first = f64() < p;
    return (f64() < share ? first : f64() < p) ? 1 : 0;
  });
}

const labels = (right: Float64Array): Answers => ({
  task: "binary",
  labels: Uint8Array.from(right, (yes, row) => (yes ? row % 2 : 1 - (row % 2))),
  scores: null,
});

const observed = (n: number, candidate: Answers, champion: Answers | null): Observations => ({
  task: candidate.task,
  classes: candidate.task === "binary" ? ["no", "yes"] : [],
  truth: candidate.task === "binary" ? numbers(n, (row) => row % 2) : new Float64Array(n),
  groups: users(n),
  candidate,
  champion,
  championState: champion ? "present" : "none",
  slices: {},
  failedRows: 0,
  load: null,
});

/** A model that is right as often as the check asks for, users alike. */
const rate =
  (p: number): World =>
  (generator, n) =>
    observed(n, labels(alike(generator, n, { p, share: 0.5 })), null);

/** Two models equally good, each with users of its own that it fails. */
const pair: World = (generator, n) => {
  const drawn = (): Answers => labels(alike(generator, n, { p: 0.9, share: 0.5 }));
  return observed(n, drawn(), drawn());
};

/** Errors of which a third of the variance is the user's; their mean size is that of a normal number of this variance. */
const variance = 1.5;
const errors: World = (generator, n) => {
  let user = 0;
  const values = numbers(n, (row) => {
    if (row % size === 0) user = normal(generator) * Math.sqrt(variance - 1);
    return user + normal(generator);
  });
  return observed(n, { task: "regression", values }, null);
};
const meanSize = Math.sqrt((2 / Math.PI) * variance);

/** Checks that ask for exactly the truth: every pass is wrong. */
const atTruth: { check: string; world: World; part: number }[] = [
  { check: "accuracy >= 0.9 @95%", world: rate(0.9), part: 1 },
  { check: "accuracy >= 0.97 @95%", world: rate(0.97), part: 1 },
  { check: "accuracy >= champion @95%", world: pair, part: 1 },
  { check: `mae <= ${meanSize} @95%`, world: errors, part: 1 },
  { check: "balanced_accuracy >= 0.9 @95%", world: rate(0.9), part: 0.2 },
];

/** Members that each ask for exactly the truth on rows of their own: passing any of them is wrong. */
const many = 10;
const classes = Array.from({ length: many }, (_, index) => `c${index}`);
const oneOfTen = anyOfCheck(classes.map((name) => checkOf(`recall(class=${name}) >= 0.8 @95%`)));
const tenClasses: World = ({ f64 }, n) => {
  const truth = numbers(n, (row) => row % many);
  const said = Int32Array.from(truth, (label) => (f64() < 0.8 ? label : (label + 1) % many));
  const candidate: Answers = { task: "multiclass", labels: said, probabilities: null };
  return { ...observed(n, candidate, null), classes, truth, groups: null };
};

const context: DecisionContext = {
  seeds: { candidate: sha256("candidate"), champion: null, data: sha256("data") },
  firstPromotion: "allow",
};
const passed = (results: readonly { status: string }[]): number =>
  results.filter(({ status }) => status === "pass").length;

/**
 * What groups and `any_of` promise. Bounds of rows in groups are approximate: one in twenty may become one in fourteen; taken
 * for single rows they are wrong more than one time in ten.
 */
export function groups(runs: number): Line[] {
  const n = 100 * size;
  const lines = atTruth.flatMap(({ check, world, part }): Line[] => {
    const made = Math.ceil(runs * part);
    const single: World = (generator, count) => ({ ...world(generator, count), groups: null });
    const [grouped, ignored] = [world, single].map((one) => {
      const results = judged({ check, world: one, n, method: "" }, made, "groups");
      return { wrong: passed(results), method: results[0]!.method ?? "" };
    });
    const line = (what: string, method: string) => ({ what: `${what}: ${check}`, method, n, runs: made });
    return [
      atMost(0.07, grouped!.wrong, line("promoted on the bound, 100 users", grouped!.method)),
      atLeast(0.1, ignored!.wrong, line("the same with the users ignored", ignored!.method)),
    ];
  });
  const results = Array.from({ length: runs }, (_, run) =>
    decide(oneOfTen, tenClasses(xoshiro(`any of ten|${run}`), n), context),
  );
  const what = "promoted by any of ten members that all lie on the bound: recall >= 0.8 @95%";
  return [...lines, atMost(0.05, passed(results), { what, method: "clopper-pearson", n, runs })];
}
