import type {
  Answers,
  LoadEvent,
  LoadRun,
  Observations,
  Task,
  Truth,
} from "../../src/domain/observations/observations.ts";
import type { Generator } from "../../src/domain/statistics/prng.ts";
import { normal, numbers, outcome } from "./draw.ts";

/** Makes the observations of n rows, or requests, of a world whose truth is known. */
export type World = (generator: Generator, n: number) => Observations;

function observed(task: Task, truth: Truth, candidate: Answers, champion: Answers | null = null): Observations {
  const classes = task === "binary" ? ["no", "yes"] : [];
  const championState = champion ? "present" : "none";
  const rest = { groups: null, slices: {}, failedRows: 0, load: null };
  return { task, classes, truth, candidate, champion, championState, ...rest };
}

const binary = (labels: Iterable<number>, scores: Float64Array | null = null): Answers => ({
  task: "binary",
  labels: Uint8Array.from(labels),
  scores,
});

/** Rows whose truth and label are a cell of this table: yes and found, no but alarmed, yes but missed; the rest is quiet. */
export interface Cells {
  hit: number;
  alarm: number;
  miss: number;
}

const cellOf = (generator: Generator, { hit, alarm, miss }: Cells): number => outcome(generator, [hit, alarm, miss]);

/** One model whose confusion matrix is known. */
export const counted =
  (cells: Cells): World =>
  (generator, n) => {
    const cell = numbers(n, () => cellOf(generator, cells));
    const truth = cell.map((c) => (c === 0 || c === 2 ? 1 : 0));
    return observed("binary", truth, binary(cell.map((c) => (c < 2 ? 1 : 0))));
  };

/** Two models over the same rows, each right on a row with its own chances given the truth, drawn apart. */
export const countedBeside =
  (
    positive: number,
    candidate: { recall: number; alarm: number },
    champion: { recall: number; alarm: number },
  ): World =>
  (generator, n) => {
    const { f64 } = generator;
    const truth = numbers(n, () => (f64() < positive ? 1 : 0));
    const label = ({ recall, alarm }: typeof candidate) =>
      Array.from(truth, (yes) => (f64() < (yes ? recall : alarm) ? 1 : 0));
    return observed("binary", truth, binary(label(candidate)), binary(label(champion)));
  };

/** Two models that are right together but for these shares of rows on which only one is. */
export const discordant =
  (onlyCandidate: number, onlyChampion: number, bothWrong = 0.05): World =>
  (generator, n) => {
    const cell = numbers(n, () => outcome(generator, [onlyCandidate, onlyChampion, bothWrong]));
    const truth = numbers(n, (row) => row % 2);
    const label = (right: (c: number) => boolean) => cell.map((c, row) => (right(c) ? truth[row]! : 1 - truth[row]!));
    return observed(
      "binary",
      truth,
      binary(label((c) => c === 0 || c === 3)),
      binary(label((c) => c === 1 || c === 3)),
    );
  };

const expit = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * Normal scores of rows of which a share is positive; positives lie `shift` higher. The area under the ROC curve is
 * Phi(shift / sqrt 2). With a champion, half of the noise is shared.
 */
export const scored =
  (share: number, shift: number, championShift: number | null = null): World =>
  (generator, n) => {
    const positives = Math.round(n * share);
    const truth = numbers(n, (row) => (row < positives ? 1 : 0));
    const shared = numbers(n, () => normal(generator));
    const answers = (by: number): Answers => {
      const scores = truth.map((yes, row) => expit(Math.SQRT1_2 * (shared[row]! + normal(generator)) + by * yes));
      return binary(
        scores.map((score) => (score >= 0.5 ? 1 : 0)),
        scores,
      );
    };
    return observed("binary", truth, answers(shift), championShift === null ? null : answers(championShift));
  };

/** Probabilities drawn from a list, and what is true with the chance that belongs to each. */
export const probable =
  (probabilities: readonly number[], chance: (p: number) => number): World =>
  (generator, n) => {
    const scores = numbers(n, () => probabilities[generator.below(probabilities.length)]!);
    const truth = scores.map((p) => (generator.f64() < chance(p) ? 1 : 0));
    return observed(
      "binary",
      truth,
      binary(
        scores.map((p) => (p >= 0.5 ? 1 : 0)),
        scores,
      ),
    );
  };

/** Normal targets, and predictions that miss them by normal errors of these standard deviations. */
export const missed =
  (spread: number, candidate: number, champion: number | null = null): World =>
  (generator, n) => {
    const truth = numbers(n, () => spread * normal(generator));
    const values = (sd: number): Answers => ({
      task: "regression",
      values: truth.map((target) => target + sd * normal(generator)),
    });
    return observed("regression", truth, values(candidate), champion === null ? null : values(champion));
  };

/** Pairs of standard normal numbers with this correlation. */
export const correlated =
  (rho: number): World =>
  (generator, n) => {
    const truth = numbers(n, () => normal(generator));
    const values = truth.map((target) => rho * target + Math.sqrt(1 - rho * rho) * normal(generator));
    return observed("regression", truth, { task: "regression", values });
  };

/** Users in equal parts of n rows, one row after another. */
const usersOf = (users: number, n: number): string[] => Array.from({ length: n }, (_, row) => `user ${row % users}`);

/**
 * Rows of users who differ: each user's share of right answers is one of two, half of the error share and one and a half of
 * it. With a champion, both models are drawn apart for the same users.
 */
export const clustered =
  (users: number, candidate: number, champion: number | null = null): World =>
  (generator, n) => {
    const hard = numbers(users, () => (generator.below(2) === 0 ? 0.5 : 1.5));
    const truth = numbers(n, (row) => row % 2);
    const answers = (share: number): Answers =>
      binary(truth.map((yes, row) => (generator.f64() < (1 - share) * hard[row % users]! ? 1 - yes : yes)));
    const world = observed("binary", truth, answers(candidate), champion === null ? null : answers(champion));
    return { ...world, groups: usersOf(users, n) };
  };

/** Normal errors with standard deviation 1 of users of whom each has a part of the error on all rows. */
export const missedTogether =
  (users: number): World =>
  (generator, n) => {
    const own = numbers(users, () => normal(generator));
    const truth = numbers(n, () => normal(generator));
    const values = truth.map((target, row) => target + Math.SQRT1_2 * (own[row % users]! + normal(generator)));
    return { ...observed("regression", truth, { task: "regression", values }), groups: usersOf(users, n) };
  };

const loaded = (events: readonly LoadEvent[], ratePerSecond: number): Observations => ({
  ...observed("binary", new Float64Array([1]), binary([1])),
  load: { profile: "server", ratePerSecond, events, inconclusive: null },
});

/**
 * Requests at a constant rate whose latency in ms is `median` e^z, with z standard normal and remembering the request
 * before by `memory`: bursts of slow answers. A share `failing` fails.
 */
export const requests =
  ({ median, memory, failing = 0 }: { median: number; memory: number; failing?: number }): World =>
  (generator, n) => {
    let z = normal(generator);
    const events = Array.from({ length: n }, (_, i): LoadEvent => {
      z = memory * z + Math.sqrt(1 - memory * memory) * normal(generator);
      const intended = i * 10;
      return { intended, sent: intended, done: intended + median * Math.exp(z), ok: generator.f64() >= failing };
    });
    return loaded(events, 100);
  };

/**
 * Two models under load in turn, n requests each in 20 blocks, the candidate's latency `factor` times the champion's in truth.
 * Latency in ms is 10 e^z with z as in {@link requests}; what a machine does to a pair of blocks, and to each alone, comes on top.
 */
export const inTurn =
  ({ factor, memory, noise = 0 }: { factor: number; memory: number; noise?: number }): World =>
  (generator, n) => {
    const shared = numbers(20, () => noise * normal(generator));
    const run = (scale: number): LoadRun => {
      const own = numbers(20, () => noise * normal(generator));
      let z = normal(generator);
      const events = Array.from({ length: n }, (_, i): LoadEvent => {
        z = memory * z + Math.sqrt(1 - memory * memory) * normal(generator);
        const [intended, block] = [i * 10, Math.floor((i * 20) / n)];
        const done = intended + 10 * scale * Math.exp(z + shared[block]! + own[block]!);
        return { intended, sent: intended, done, ok: true };
      });
      return { profile: "server", ratePerSecond: 100, blockMilliseconds: n / 2, events, inconclusive: null };
    };
    const rows = observed("binary", new Float64Array([1]), binary([1]), binary([1]));
    return { ...rows, load: run(factor), championLoad: run(1) };
  };

/** Requests that come at random at a rate per second and are answered at once. */
export const arrivals =
  (ratePerSecond: number): World =>
  (generator, n) => {
    let intended = 0;
    const events = Array.from({ length: n }, (): LoadEvent => {
      intended += 1000 * generator.exp(ratePerSecond);
      return { intended, sent: intended, done: intended + 1, ok: true };
    });
    return loaded(events, ratePerSecond);
  };
