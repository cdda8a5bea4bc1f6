import type { Answers, Observations, Truth } from "../observations/observations.ts";
import type { ParsedCheck, Reference } from "./parse.ts";
import { blank, type Finding } from "./result.ts";

/** The answers of a reference; null when they were not had. */
export function answersFrom(reference: Reference, { champion, championState, baseline }: Observations): Answers | null {
  if (reference === "champion") return championState === "present" ? champion : null;
  return reference === "baseline" ? (baseline ?? null) : null;
}

/** The references a check looks at. */
export const referencesOf = ({ against, right }: ParsedCheck): Reference[] => [
  ...(against ? [against] : []),
  ...(right.kind === "ref" ? [right.ref] : []),
];

/** Why a check cannot be judged for want of a reference, or null. @param has whether what is compared was measured of it */
export function withoutReference(
  check: ParsedCheck,
  { championState }: Pick<Observations, "championState">,
  { firstPromotion, has }: { firstPromotion: "allow" | "block"; has(reference: Reference): boolean },
): Finding | null {
  for (const reference of referencesOf(check)) {
    if (reference === "champion" && championState === "none")
      return { ...blank, status: firstPromotion === "allow" ? "skipped" : "error", reason: "no_champion" };
    if (!has(reference))
      return { ...blank, reason: reference === "champion" ? "champion_unavailable" : "reference_unavailable" };
  }
  return null;
}

/** Answers taken for the truth: another model then is right where it says the same. Null where they are no answers to rows. */
export function asTruth(answers: Answers): Truth | null {
  switch (answers.task) {
    case "binary":
    case "multiclass":
      return Float64Array.from(answers.labels);
    case "multilabel":
      return answers.labels;
    case "regression":
      return answers.values;
    case "ranking":
      return null;
    case "generation":
      return answers.texts.map((text) => [text]);
    case "embedding":
      return answers.vectors;
  }
}
