import type { Problem } from "./problem.ts";
import type { Trigger } from "./trigger.ts";

/** How two commits lie to each other, as far as the clone knows. */
export interface History {
  /** The commits, resolved; null when the clone does not have them. A null head of the trigger stays null. */
  base: string | null;
  head: string | null;
  /** The newest commit that both have in their past; null when there is none. */
  fork: string | null;
  /** Whether the clone leaves out older commits. */
  isShallow: boolean;
}

/** What is compared to tell what changed: the union of all pairs. */
export type Comparison =
  | { kind: "all"; why: string; warning: Problem | null }
  | { kind: "pairs"; pairs: readonly { from: string; to: string | null }[]; why: string };

const all = (why: string, warning: Problem | null = null): Comparison => ({ kind: "all", why, warning });

const short = (commit: string): string => (/^[0-9a-f]{40,}$/.test(commit) ? commit.slice(0, 12) : commit);

const deepen =
  "Check out with fetch-depth: 0 (with: of actions/checkout), so that what changed can be told; until then every model is released.";

/** Everything counts, because the clone cannot tell. */
const unknown = (what: string, isShallow: boolean): Comparison =>
  isShallow
    ? all(`${what}: the clone is shallow`, {
        code: "plan.history",
        message: `the clone is shallow: ${what}, so every model counts as changed`,
        hint: deepen,
      })
    : all(what);

/**
 * Decides what to compare. Where something is not known, more is compared or everything counts: nothing that changed is ever left
 * out.
 * @param history null when the trigger names no base.
 */
export function comparisonOf(trigger: Trigger, history: History | null): Comparison {
  const { event, kind } = trigger;
  if (kind === "asked" && trigger.base === null)
    return all(event === "terminal" ? "all models are asked for" : `${event} is about all models`);
  if (trigger.base === null || history === null)
    return all(`the ${event} has nothing to compare with${kind === "moved" ? ": the branch is new" : ""}`);
  const { base, fork, isShallow } = history;
  const head = trigger.head === null ? null : history.head;
  if (trigger.head !== null && head === null)
    return unknown(`the commit ${short(trigger.head)} is not in the clone`, isShallow);
  if (base === null) {
    const gone = `the commit ${short(trigger.base)} is not in the clone`;
    return unknown(isShallow || kind !== "moved" ? gone : `${gone} any more, as after a force-push`, isShallow);
  }
  if (fork === null) return unknown(`${short(base)} and ${short(head ?? "HEAD")} have no commit in common`, isShallow);
  const direct = { from: base, to: head };
  const parted = { from: fork, to: head };
  if (fork === base) return { kind: "pairs", pairs: [direct], why: `since ${short(base)}` };
  if (kind !== "moved" && !isShallow)
    return { kind: "pairs", pairs: [parted], why: `since ${short(fork)}, where it parted from ${short(trigger.base)}` };
  // What was there before a force-push may have been released or not: what differs from either counts. In a shallow clone the
  // fork may be an older one than the true one.
  return {
    kind: "pairs",
    pairs: [direct, parted],
    why: `since ${short(base)}, and since ${short(fork)} where the histories part${kind === "moved" ? ": the branch was pushed by force" : ""}`,
  };
}
