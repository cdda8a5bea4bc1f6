import type { Problem } from "../../../domain/problem.ts";

/** The problem of a bundle that is not as it was signed. */
export const altered = (why: string): Problem => ({
  code: "evidence.altered",
  message: `it is not as it was signed: ${why}`,
  hint: "Do not use it. Find out who can write to the registry, and judge the release again.",
});
