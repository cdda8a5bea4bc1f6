import { z } from "zod";

/** A quantity with its unit, e.g. `50 ms`. A bare number is refused: its unit would be a guess. */
function quantity(units: Readonly<Record<string, number>>, example: string, meaning: string) {
  const pattern = new RegExp(
    `^(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(units)
      .map((unit) => unit.replaceAll(/[/%]/g, "\\$&"))
      .join("|")})$`,
  );
  return z
    .union([z.string(), z.number()])
    .transform((value, context) => {
      const match = typeof value === "string" ? pattern.exec(value.trim()) : null;
      if (match) return Number(match[1]) * units[match[2]!]!;
      context.addIssue({
        code: "custom",
        message:
          typeof value === "number"
            ? `${value} has no unit; write ${example}`
            : `"${value}" is not ${meaning}; write ${example} (units: ${Object.keys(units).join(", ")})`,
      });
      return z.NEVER;
    })
    .describe(`${meaning}, such as ${example}`);
}

/** Milliseconds. */
export const duration = (example: string) =>
  quantity({ ms: 1, s: 1000, min: 60_000, h: 3_600_000, day: 86_400_000, days: 86_400_000 }, example, "a duration");

/** Bytes. */
export const size = (example: string) =>
  quantity({ B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }, example, "a size");

/** Per second. */
export const rate = (example: string) => quantity({ "/s": 1, rps: 1, "/min": 1 / 60 }, example, "a rate");

/** A share of 0 to 1. */
export const share = (example: string) =>
  quantity({ "%": 0.01 }, example, "a share").refine(
    (value) => value >= 0 && value <= 1,
    "a share lies between 0% and 100%",
  );
