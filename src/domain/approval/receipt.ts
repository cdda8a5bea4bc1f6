import type { Agreed } from "./judge.ts";

/** The id of an approval, as the ledger keeps it: `#12 ada:345 grace:346`, the issue and its comments. */
export const approvalId = (issue: number, by: readonly Agreed[]): string =>
  [`#${issue}`, ...by.map(({ login, commentId }) => `${login}:${commentId}`)].join(" ");

/** The issue an approval was given in; null when the id is none of ours. */
export const approvalIssue = (id: string): number | null => {
  const [, issue] = /^#(\d+)(?: |$)/.exec(id) ?? [];
  return issue === undefined ? null : Number(issue);
};

/** The comments that approvals are made of. */
export const approvalComments = (ids: Iterable<string>): ReadonlySet<number> =>
  new Set([...ids].flatMap((id) => [...id.matchAll(/:(\d+)(?= |$)/g)].map(([, comment]) => Number(comment))));
