import { describe, expect, test } from "vitest";
import { comparisonOf, type History } from "../../src/domain/comparison.ts";
import { askedBy, type Trigger } from "../../src/domain/trigger.ts";

const commit = (letter: string): string => letter.repeat(40);
const [base, head, fork] = [commit("a"), commit("b"), commit("c")];

const push: Trigger = { event: "push", kind: "moved", base, head };
const pullRequest: Trigger = { event: "pull_request", kind: "proposed", base, head };
const known: History = { base, head, fork: base, isShallow: false };

const pairsOf = (trigger: Trigger, history: History | null) => {
  const comparison = comparisonOf(trigger, history);
  return comparison.kind === "pairs" ? comparison.pairs.map(({ from, to }) => [from, to]) : "all";
};

describe("what is compared", () => {
  test("of a push are the commits before and after it", () => {
    expect(pairsOf(push, known)).toEqual([[base, head]]);
  });

  test("of a push by force is what was there before it, and where the histories part", () => {
    expect(pairsOf(push, { ...known, fork })).toEqual([
      [base, head],
      [fork, head],
    ]);
    expect(comparisonOf(push, { ...known, fork }).why).toContain("by force");
  });

  test("of a pull request is where it parted from its base, not what the base got since", () => {
    expect(pairsOf(pullRequest, { ...known, fork })).toEqual([[fork, head]]);
    expect(pairsOf(pullRequest, known)).toEqual([[base, head]]);
  });

  test("of a pull request in a shallow clone is both: the true fork may be one that the clone does not have", () => {
    expect(pairsOf(pullRequest, { ...known, fork, isShallow: true })).toEqual([
      [base, head],
      [fork, head],
    ]);
  });

  test("of a terminal that names a ref is the working folder", () => {
    const since: Trigger = { event: "terminal", kind: "proposed", base: "main", head: null };
    expect(pairsOf(since, { ...known, fork })).toEqual([[fork, null]]);
  });
});

describe("everything counts", () => {
  test.each(["schedule", "workflow_dispatch", "repository_dispatch", "terminal"])("for %s", (event) => {
    expect(pairsOf(askedBy(event), null)).toBe("all");
  });

  test("for the first push of a branch", () => {
    const comparison = comparisonOf({ ...push, base: null }, null);
    expect(comparison).toMatchObject({ kind: "all", warning: null });
    expect(comparison.why).toContain("the branch is new");
  });

  test.each<[string, Partial<History>]>([
    ["the base is not there", { base: null, fork: null }],
    ["the head is not there", { head: null, fork: null }],
    ["the two have nothing in common", { fork: null }],
  ])("when %s, and a shallow clone gets a warning that says how to mend it", (_what, missing) => {
    for (const trigger of [push, pullRequest]) {
      expect(comparisonOf(trigger, { ...known, ...missing })).toMatchObject({ kind: "all", warning: null });
      const shallow = comparisonOf(trigger, { ...known, ...missing, isShallow: true });
      expect(shallow).toMatchObject({ kind: "all", warning: { code: "plan.history" } });
      expect(shallow.kind === "all" && shallow.warning?.hint).toContain("fetch-depth: 0");
    }
  });
});
