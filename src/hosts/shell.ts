import type { Outcome } from "../domain/outcome.ts";
import { exitCodes, type Problem, UserError, WorldError } from "../domain/problem.ts";
import type { Host } from "../ports/host.ts";

/** A host that can also end a command: show its outcome or its failure, and set the exit code. */
export interface Shell extends Host {
  /** Shows the outcome and sets every output. */
  finish(outcome: Outcome): Promise<void>;
  /** Shows why there is no outcome. Outputs are set all the same: verdict `error`, the rest empty. */
  fail(error: unknown): Promise<void>;
}

/** What a failure is, in the terms of the exit codes. */
export interface Failure {
  exitCode: number;
  problems: readonly Problem[];
  /** Lines below the problems: which side failed, or the stack of a bug of ours. */
  context: readonly string[];
}

const causes = (error: Error): string[] => {
  const messages: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    messages.push(`caused by: ${cause.message}`);
  return messages;
};

/** Sorts an error: theirs to fix (2), the world's (4), or ours (70, with the stack and where to report it). */
export function sortFailure(error: unknown, version: string): Failure {
  if (error instanceof UserError) return { exitCode: exitCodes.user, problems: error.problems, context: [] };
  if (error instanceof WorldError) {
    const advice = error.retryable ? "Trying again may help." : "Trying again will not help by itself.";
    return {
      exitCode: exitCodes.world,
      problems: [error.problem],
      context: [`${error.side} failed while ${error.during}. ${advice}`, ...causes(error)],
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: exitCodes.bug,
    problems: [],
    context: [
      `This is a bug in modelgate ${version}, not in your files. Please report it with the lines below and your modelgate.yml:`,
      "https://github.com/modelgate/modelgate/issues",
      ...stack.split("\n"),
      ...(error instanceof Error ? causes(error) : []),
    ],
  };
}

/** The exit code of an outcome. A verdict of `error` is the world's when answers were missing, else the user's to mend. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.verdict) {
    case "pass":
    case "none":
      return exitCodes.pass;
    case "fail":
      return exitCodes.fail;
    case "inconclusive":
      return exitCodes.inconclusive;
    case "error": {
      // A release that stopped without a word may go through when it is run again.
      if (outcome.collected?.models.some(({ unfinished }) => unfinished)) return exitCodes.world;
      const world = ["failed_rows", "champion_unavailable"];
      return outcome.judgement?.checks.some((check) => world.includes(check.reason ?? ""))
        ? exitCodes.world
        : exitCodes.user;
    }
  }
}

/** `modelgate.yml:3:5 (evaluate.data)`, as far as it is known. */
export function formatPlace(at: NonNullable<Problem["at"]>): string {
  const position = [at.file, at.line, at.column].filter((part) => part !== undefined).join(":");
  const more = [at.key, at.offset === undefined ? undefined : `byte ${at.offset}`].filter((part) => part !== undefined);
  return more.length > 0 ? `${position} (${more.join(", ")})` : position;
}

/** The images that a run made, by model. */
const imagesOf = (outcome: Outcome | null): Record<string, string> =>
  Object.fromEntries(
    (outcome?.collected?.models ?? []).flatMap(({ name, image }) =>
      image ? [[name, `${image.repository}@${image.digest}`] as const] : [],
    ),
  );

/** The outputs of the Action, always all of them. */
export const outputsOf = (outcome: Outcome | null): Record<string, string> => ({
  image: outcome?.image ? `${outcome.image.repository}@${outcome.image.digest}` : "",
  "model-digest": outcome?.model?.digest ?? "",
  verdict: outcome?.verdict ?? "error",
  url: outcome?.url ?? "",
  "previous-image": outcome?.previousImage ? `${outcome.previousImage.repository}@${outcome.previousImage.digest}` : "",
  evidence: outcome ? JSON.stringify(outcome.evidence) : "[]",
  report: outcome?.files["report"] ?? "",
  models: JSON.stringify(outcome?.planned ?? (outcome?.model ? [outcome.model.name] : [])),
  images: JSON.stringify(imagesOf(outcome)),
});
