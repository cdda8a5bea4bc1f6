import { expect, test } from "vitest";
import { entryDigest, type LedgerEntry, lastDone, openActs, standing, usedApprovals } from "../../src/domain/ledger.ts";
import { entryAfter } from "../contracts/ledger-store.ts";
import { releaseOf } from "../fakes/release.ts";

type Line = [act: LedgerEntry["act"], release: string, phase?: LedgerEntry["phase"]];

const chain = (lines: readonly Line[]): LedgerEntry[] =>
  lines.reduce<LedgerEntry[]>((entries, [act, name, phase = "done"]) => {
    const { image, model } = releaseOf(name);
    return [...entries, entryAfter(entries.at(-1), { act, phase, image, modelDigest: model.digest })];
  }, []);

test("an act is open as long as no entry ends it", () => {
  const [a, b] = ["a", "b"].map((name) => entryAfter(undefined, { phase: "intended", image: releaseOf(name).image }));
  expect(openActs([a!, b!])).toEqual([a, b]);
  const done = entryAfter(b, { closes: entryDigest(b!), image: b!.image });
  expect(openActs([a!, b!, done])).toEqual([a]);
  const undone = entryAfter(done, { phase: "undone", closes: entryDigest(a!), image: a!.image });
  expect(openActs([a!, b!, done, undone])).toEqual([]);
  expect(openActs([])).toEqual([]);
});

test("the last act that was done is what the environment should run", () => {
  const entries = chain([
    ["promote", "a"],
    ["promote", "b"],
    ["promote", "c", "undone"],
  ]);
  expect(lastDone(entries)).toBe(entries[1]);
  expect(lastDone(entries.slice(2))).toBeNull();
});

test.each<[string, (LedgerEntry["phase"] | null)[], boolean]>([
  ["of an act that is open", [], true],
  ["of an act that was done", ["done"], true],
  ["of an act that was undone", ["undone"], false],
])("the approval %s is spent: %o %s", (_what, ends, spent) => {
  const act = entryAfter(undefined, { phase: "intended", approval: "comment 7" });
  const closed = ends.map((phase) =>
    entryAfter(act, { phase: phase!, closes: entryDigest(act), approval: "comment 7" }),
  );
  expect([...usedApprovals([act, ...closed])]).toEqual(spent ? ["comment 7"] : []);
});

test("an approval whose act was undone, and then carried the act after all, is spent", () => {
  const act = entryAfter(undefined, { phase: "intended", approval: "comment 7" });
  const undone = entryAfter(act, { phase: "undone", closes: entryDigest(act), approval: "comment 7" });
  const again = entryAfter(undone, { phase: "intended", approval: "comment 7" });
  expect(usedApprovals([act, undone, again])).toEqual(new Set(["comment 7"]));
  expect(usedApprovals(chain([["promote", "a", "intended"]]))).toEqual(new Set());
});

test("two acts that are alike are told apart by the lease they were begun under", () => {
  const [a, b] = ["one", "two"].map((lease) => entryAfter(undefined, { phase: "intended", lease }));
  expect(entryDigest(a!)).not.toBe(entryDigest(b!));
});

const names = (entries: readonly LedgerEntry[]): string[] =>
  standing(entries).map(({ image }) => ["a", "b", "c"].find((n) => releaseOf(n).image.digest === image.digest)!);

test.each<[string, Line[], string[]]>([
  [
    "promotions stand on each other",
    [
      ["promote", "a"],
      ["promote", "b"],
    ],
    ["a", "b"],
  ],
  [
    "a rollback takes away what was above",
    [
      ["promote", "a"],
      ["promote", "b"],
      ["promote", "c"],
      ["rollback", "a"],
    ],
    ["a"],
  ],
  [
    "a release promoted again stands twice",
    [
      ["promote", "a"],
      ["promote", "b"],
      ["promote", "a"],
    ],
    ["a", "b", "a"],
  ],
  [
    "a release promoted twice in a row stands once",
    [
      ["promote", "a"],
      ["promote", "a"],
    ],
    ["a"],
  ],
  [
    "what was not done does not stand",
    [
      ["promote", "a"],
      ["promote", "b", "intended"],
      ["promote", "b", "undone"],
    ],
    ["a"],
  ],
  [
    "a new promotion follows a rollback",
    [
      ["promote", "a"],
      ["promote", "b"],
      ["rollback", "a"],
      ["promote", "c"],
    ],
    ["a", "c"],
  ],
])("%s", (_what, made, stand) => {
  expect(names(chain(made))).toEqual(stand);
});

test("the newest of two promotions of the same release in a row is the one that stands", () => {
  const entries = chain([
    ["promote", "a"],
    ["promote", "a"],
  ]);
  expect(standing(entries)).toEqual([entries[1]]);
});
