import { sha256 } from "../../../src/domain/digest.ts";
import type { DecisionContext } from "../../../src/domain/gate/decide.ts";
import type { LoadEvent, LoadRun, Observations } from "../../../src/domain/observations/observations.ts";

export const context: DecisionContext = {
  seeds: { candidate: sha256("candidate"), champion: sha256("champion"), data: sha256("data") },
  replicates: 200,
  firstPromotion: "allow",
};

const labels = (right: readonly boolean[]): Uint8Array =>
  Uint8Array.from(right, (yes, row) => (yes ? row % 2 : 1 - (row % 2)));

/** Binary rows: on each row the candidate, and the champion, is right or not. Truth alternates. */
export function rightOrNot(candidate: readonly boolean[], champion: readonly boolean[] | null): Observations {
  const truth = Float64Array.from(candidate, (_, row) => row % 2);
  return {
    task: "binary",
    classes: ["no", "yes"],
    truth,
    groups: null,
    candidate: { task: "binary", labels: labels(candidate), scores: null },
    champion: champion && { task: "binary", labels: labels(champion), scores: null },
    championState: champion ? "present" : "none",
    slices: {},
    failedRows: 0,
    load: null,
  };
}

/** `rows` rows, of which the first are wrong. */
export const wrongFirst = (rows: number, wrong: number): boolean[] =>
  Array.from({ length: rows }, (_, row) => row >= wrong);

/** A load run of one request each 10 ms, `latency` ms long; null is a failure. */
export function load(latency: readonly (number | null)[], inconclusive: string | null = null): LoadRun {
  const events = latency.map(
    (ms, i): LoadEvent => ({ intended: i * 10, sent: i * 10, done: i * 10 + (ms ?? 1), ok: ms !== null }),
  );
  return { profile: "server", ratePerSecond: 100, events, inconclusive };
}
