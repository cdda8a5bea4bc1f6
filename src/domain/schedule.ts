import { xoshiro } from "./statistics/prng.ts";

/** Open-loop profiles: when requests are meant to leave, whatever the server does. */
export const loadProfiles = ["server", "constant"] as const;
export type LoadProfile = (typeof loadProfiles)[number];

/**
 * Send times in ms from the start of a run, made before it starts: Poisson arrivals (`server`) or fixed spacing (`constant`).
 * Poisson times are not stretched to hit the mean rate: their variance is the point.
 */
export function schedule(profile: LoadProfile, ratePerSecond: number, milliseconds: number, seed: string): number[] {
  const random = xoshiro(seed);
  const times: number[] = [];
  const gap = (): number => (profile === "constant" ? 1000 / ratePerSecond : random.exp(ratePerSecond) * 1000);
  for (let at = profile === "constant" ? 0 : gap(); at < milliseconds; at += gap()) times.push(at);
  return times;
}
