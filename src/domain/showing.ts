import type { Image } from "./image.ts";
import type { Outcome } from "./outcome.ts";
import type { CommandName } from "./request.ts";
import { shorten } from "./shorten.ts";

/** A verdict at a commit, one line of the list of checks. */
export interface CommitStatus {
  /** Names the line: `modelgate/digits`. */
  context: string;
  state: "success" | "failure" | "error" | "pending";
  description: string;
}

/** GitHub refuses longer descriptions of statuses and deployments, and characters beyond the basic plane (an emoji). */
export const longestDescription = 140;
export const description = (text: string): string =>
  shorten(text.toWellFormed().replaceAll(/[\u{10000}-\u{10FFFF}]/gu, "\uFFFD"), longestDescription);

const states = {
  pass: "success",
  none: "success",
  fail: "failure",
  // Neither shown to pass nor to fail is no failure of the model, and no green line either.
  inconclusive: "error",
  error: "error",
} as const satisfies Record<Outcome["verdict"], CommitStatus["state"]>;

/** The state a verdict is shown as. */
export const stateOf = (verdict: Outcome["verdict"]): "success" | "failure" | "error" => states[verdict];

/** The name of a model's line at a commit. */
export const contextOf = (model: string): string => `modelgate/${model}`;

/** Commands that conclude a release; their verdict is shown at the commit and in the pull request. */
const concluding: readonly CommandName[] = ["run", "gate", "collect"];
export const concludes = (command: CommandName): boolean => concluding.includes(command);

const lineOf = (model: string, verdict: Outcome["verdict"], headline: string): CommitStatus => ({
  context: contextOf(model),
  state: stateOf(verdict),
  description: description(verdict === "pass" ? headline : `${verdict}: ${headline}`),
});

/** The lines an outcome puts at the commit: one for each model that it says a verdict of. */
export function commitStatuses({ command, collected, model, verdict, headline }: Outcome): CommitStatus[] {
  if (!concludes(command)) return [];
  if (collected) return collected.models.map((one) => lineOf(one.name, one.verdict, one.headline));
  return model ? [lineOf(model.name, verdict, headline)] : [];
}

/** The line of a command that ended without an outcome. */
export const failedStatus = (model: string, why: string): CommitStatus => lineOf(model, "error", why);

/** What an environment runs since a command. */
export interface Deployed {
  command: CommandName;
  environment: string;
  model: string;
  image: Image;
  modelDigest: string;
  verdict: Outcome["verdict"];
  headline: string;
  url: string;
}

/** What runs where because of this outcome; null when it deployed nothing: judging does not, nor a promotion that waits. */
export function deployedBy(outcome: Outcome): Deployed | null {
  const { command, verdict, environment, model, image, url, headline } = outcome;
  const deploys = command === "deploy" || command === "run" || command === "promote" || command === "rollback";
  if (!deploys || environment === null || !model || !image || url === null) return null;
  return { command, environment, model: model.name, image, modelDigest: model.digest, verdict, headline, url };
}

/**
 * Whether what runs in an environment is kept on the organisation's page: what was promoted is. Candidates come and go, and the
 * jobs that judge them need no right to write there.
 */
export const isRecorded = (environment: string, command: CommandName): boolean =>
  command === "promote" || command === "rollback" || (command === "remove" && environment !== "staging");

/** Whether an environment is the one that users meet: whatever is promoted to, and the one of that name. */
export const isProduction = (environment: string, command: CommandName): boolean =>
  environment === "production" || command === "promote" || command === "rollback";
