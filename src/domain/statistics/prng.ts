import { createHash } from "node:crypto";

/** A source of reproducible numbers. Every method takes from the same stream. */
export interface Generator {
  /** The next 32 bits. */
  u32: () => number;
  /** A whole number in 0..n-1, without bias, 1 <= n < 2^32. */
  below: (n: number) => number;
  /** A number in [0, 1) with 53 bits. */
  f64: () => number;
  /** An exponential waiting time at `rate` per unit. */
  exp: (rate: number) => number;
  /** Fisher and Yates from the end, in place. */
  shuffle: <T>(array: T[]) => T[];
}

/** The four words a seed starts from: the first 16 bytes of its SHA-256, big-endian. */
export function seededState(seed: string): [number, number, number, number] {
  const hash = createHash("sha256").update(seed, "utf8").digest();
  const [a, b, c, d] = [hash.readUInt32BE(0), hash.readUInt32BE(4), hash.readUInt32BE(8), hash.readUInt32BE(12)];
  return a || b || c || d ? [a, b, c, d] : [1, 0, 0, 0];
}

/** xoshiro128** (Blackman and Vigna 2018) seeded by a text, so that no number of a verdict depends on chance or on a user. */
export function xoshiro(seed: string): Generator {
  let [a, b, c, d] = seededState(seed);
  const u32 = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const below = (n: number): number => {
    // A draw is refused when its block of n numbers does not end before 2^32; both sides as uint32, which V8 divides natively.
    for (;;) {
      const drawn = u32();
      const rest = (drawn >>> 0) % (n >>> 0);
      if (drawn - rest <= 2 ** 32 - n) return rest;
    }
  };
  const f64 = (): number => ((u32() >>> 5) * 2 ** 26 + (u32() >>> 6)) / 2 ** 53;
  return {
    u32,
    below,
    f64,
    exp: (rate) => -Math.log1p(-f64()) / rate,
    shuffle: (array) => {
      for (let i = array.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [array[i], array[j]] = [array[j]!, array[i]!];
      }
      return array;
    },
  };
}
