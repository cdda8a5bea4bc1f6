import { readFileSync } from "node:fs";
import { askedBy, type Job, type Trigger } from "../domain/trigger.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The event's payload; null when it cannot be read: then nothing is known of what changed. */
export function eventOf(env: Environment): unknown {
  try {
    return JSON.parse(readFileSync(env["GITHUB_EVENT_PATH"] ?? "", "utf8"));
  } catch {
    return null;
  }
}

/** What stands at a path of keys; undefined when something on the way is missing. */
export const at = (event: unknown, ...keys: string[]): unknown =>
  keys.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    event,
  );

/** A commit of an event; null for anything else, and for the zeros that stand for none. */
const commitIn = (value: unknown): string | null =>
  typeof value === "string" && /^[0-9a-f]{40,64}$/.test(value) && !/^0+$/.test(value) ? value : null;

/**
 * What started the run, from what GitHub says of it. An event that says nothing of what changed is about everything, and so is a
 * pull request's that lacks its commits.
 */
export function triggerOf(env: Environment, event: unknown): Trigger {
  const name = env["GITHUB_EVENT_NAME"] || "event";
  const here = commitIn(env["GITHUB_SHA"]);
  const from = (kind: "moved" | "proposed", base: unknown, head: unknown): Trigger => ({
    event: name,
    kind,
    base: commitIn(base),
    head: commitIn(head) ?? here,
  });
  switch (name) {
    case "push":
      return from("moved", at(event, "before"), at(event, "after"));
    case "merge_group":
      return from("moved", at(event, "merge_group", "base_sha"), at(event, "merge_group", "head_sha"));
    case "pull_request":
      return from("proposed", at(event, "pull_request", "base", "sha"), at(event, "pull_request", "head", "sha"));
    default:
      return askedBy(name);
  }
}

/** The job that this is; null when the runner does not say which run it belongs to. */
export function jobOf(env: Environment): Job | null {
  const run = env["GITHUB_RUN_ID"] ?? "";
  if (!/^\d+$/.test(run)) return null;
  const attempt = Number(env["GITHUB_RUN_ATTEMPT"] || 1);
  return {
    run,
    attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    trigger: triggerOf(env, eventOf(env)),
  };
}
