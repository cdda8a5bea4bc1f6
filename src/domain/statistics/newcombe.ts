import { wilson } from "./intervals.ts";

/** Successes in independent trials. */
export interface Share {
  k: number;
  n: number;
}

/**
 * Two-sided interval of the difference a - b of two independent shares: squares and adds the distances of Wilson's score
 * intervals (Newcombe 1998, Stat Med 17:873, method 10).
 */
export function newcombe(a: Share, b: Share, confidence: number): [number, number] {
  const [pa, pb] = [a.k / a.n, b.k / b.n];
  const [[lowA, highA], [lowB, highB]] = [wilson(a.k, a.n, confidence), wilson(b.k, b.n, confidence)];
  const difference = pa - pb;
  return [difference - Math.hypot(pa - lowA, highB - pb), difference + Math.hypot(highA - pa, pb - lowB)];
}

/** One-sided lower bound of the difference a - b of two independent shares (Newcombe 1998). */
export const newcombeLower = (a: Share, b: Share, confidence: number): number => newcombe(a, b, 2 * confidence - 1)[0];

/** One-sided upper bound of the difference a - b of two independent shares (Newcombe 1998). */
export const newcombeUpper = (a: Share, b: Share, confidence: number): number => newcombe(a, b, 2 * confidence - 1)[1];
