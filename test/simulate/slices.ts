import type { Answers, Observations } from "../../src/domain/observations/observations.ts";
import type { Generator } from "../../src/domain/statistics/prng.ts";
import { cellsOf, countsOf, written } from "./populations.ts";
import { atLeast, atMost, judged, type Line } from "./scenario.ts";
import { counted, discordant, type World } from "./worlds.ts";

const many = 50;

/** The worlds one after another, each a slice named by its place: `s07`. */
const sliced =
  (worldOf: (slice: number) => World): World =>
  (generator: Generator, n: number): Observations => {
    const parts = Array.from({ length: many }, (_, slice) => worldOf(slice)(generator, n / many));
    const names = parts.flatMap((_, slice) => Array.from({ length: n / many }, () => nameOf(slice)));
    const labels = (of: (part: Observations) => Answers | null): Answers | null => {
      const answers = parts.map(of);
      if (answers.includes(null)) return null;
      const all = answers.flatMap((part) => (part?.task === "binary" ? [...part.labels] : []));
      return { task: "binary", labels: Uint8Array.from(all), scores: null };
    };
    return {
      ...parts[0]!,
      truth: Float64Array.from(parts.flatMap(({ truth }) => [...(truth as Float64Array)])),
      candidate: labels(({ candidate }) => candidate)!,
      champion: labels(({ champion }) => champion),
      slices: { slice: names },
    };
  };

const nameOf = (slice: number): string => `s${String(slice).padStart(2, "0")}`;

const cells = cellsOf(0.4, { recall: 0.8, alarm: 0.1 });
const f1 = written(countsOf(cells).f1);
const atBound = discordant(0.06, 0.07, 0.04);

/** Slices that all lie exactly on the bound: naming any of them as failed is wrong. */
const nothingWrong = [
  { check: "accuracy >= 0.9 @95% by slice", world: sliced(() => discordant(0.06, 0.06, 0.04)), part: 0.5 },
  { check: "accuracy >= champion - 1pp @95% by slice", world: sliced(() => atBound), part: 0.5 },
  { check: `f1 >= ${f1} @95% by slice`, world: sliced(() => counted(cells)), part: 0.02 },
];

/** One slice that lies exactly on the bound among slices that are good: letting it pass is wrong. */
const oneAtBound = sliced((slice) => (slice === 7 ? discordant(0, 0.05, 0.05) : discordant(0, 0.005, 0.005)));

/** One slice that has lost 15 points among slices that have lost nothing; the total loses 0.3. */
const oneBroken = sliced((slice) => (slice === 7 ? discordant(0.01, 0.16, 0.04) : discordant(0.02, 0.02, 0.04)));
const guarded = "accuracy >= champion - 2pp @95% by slice";

const n = many * 200;
const judge = (check: string, world: World, runs: number) => judged({ check, world, n, method: "" }, runs, "slices");

/** How often the planted regression is promoted, and how often it is named and nothing else is. */
export function planted(runs: number): { promoted: number; named: number } {
  const results = judge(guarded, oneBroken, runs);
  const named = results.filter(
    ({ status, slices: listed }) =>
      status === "fail" && listed!.judged.every(({ name, failed }) => failed === (name === nameOf(7))),
  );
  return { promoted: results.filter(({ status }) => status === "pass").length, named: named.length };
}

/** What the correction for 50 slices promises: few false names, no false promotion, and a planted regression found. */
export function slices(runs: number): Line[] {
  const families = nothingWrong.map(({ check, world, part }) => {
    const made = Math.ceil(runs * part);
    const results = judge(check, world, made);
    const wrong = results.filter((result) => result.slices!.judged.some(({ failed }) => failed)).length;
    return atMost(0.05, wrong, {
      what: `any of 50 null slices named: ${check}`,
      method: results[0]!.method!,
      n,
      runs: made,
    });
  });
  const made = Math.ceil(runs / 4);
  const onBound = "accuracy >= 0.9 @95% by slice";
  const passed = judge(onBound, oneAtBound, made).filter(({ status }) => status === "pass").length;
  const { promoted, named } = planted(made);
  return [
    ...families,
    atMost(0.05, passed, {
      what: `promoted with one of 50 slices on the bound: ${onBound}`,
      method: "clopper-pearson",
      n,
      runs: made,
    }),
    atMost(0, promoted, { what: `planted slice regression promoted: ${guarded}`, method: "tango", n, runs: made }),
    atLeast(0.8, named, {
      what: `planted slice regression named, it alone: ${guarded}`,
      method: "tango",
      n,
      runs: made,
    }),
  ];
}
