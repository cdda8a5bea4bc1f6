import fc from "fast-check";
import { expect, test } from "vitest";
import { brokenLink, type LedgerEntry, openAct, standing } from "../../src/domain/ledger.ts";
import { entryAfter } from "../contracts/ledger-store.ts";
import { releaseOf } from "../fakes/release.ts";

type Line = [act: LedgerEntry["act"], release: string, phase?: LedgerEntry["phase"]];

const chain = (lines: readonly Line[]): LedgerEntry[] =>
  lines.reduce<LedgerEntry[]>((entries, [act, name, phase = "done"]) => {
    const { image, model } = releaseOf(name);
    return [...entries, entryAfter(entries.at(-1), { act, phase, image, modelDigest: model.digest })];
  }, []);

const line = fc.tuple(
  fc.constantFrom<LedgerEntry["act"]>("promote", "rollback"),
  fc.constantFrom("a", "b", "c"),
  fc.constantFrom<LedgerEntry["phase"]>("intended", "done", "undone"),
);
const lines = fc.array(line, { minLength: 1, maxLength: 20 });

test("a chain made link by link holds", () => {
  fc.assert(
    fc.property(lines, (made) => {
      expect(brokenLink(chain(made))).toBeNull();
    }),
  );
});

test("no entry can be changed, left out or moved without breaking the chain", () => {
  fc.assert(
    fc.property(lines, fc.nat(), fc.nat(), fc.string(), (made, at, to, reason) => {
      const entries = chain(made);
      const [i, j] = [at % entries.length, to % entries.length];
      fc.pre(reason !== entries[i]!.reason);
      const changed = entries.with(i, { ...entries[i]!, reason });
      // Nothing follows the last entry, so nothing vouches for it: only the head of the ledger does.
      if (i < entries.length - 1) expect(brokenLink(changed)).toBe(i + 2);
      if (i < entries.length - 1) expect(brokenLink(entries.toSpliced(i, 1))).not.toBeNull();
      if (i !== j) expect(brokenLink(entries.with(i, entries[j]!).with(j, entries[i]!))).not.toBeNull();
    }),
  );
});

test("an act is open only while its intention is the last word", () => {
  const entries = chain([
    ["promote", "a", "intended"],
    ["promote", "a"],
    ["promote", "b", "intended"],
  ]);
  expect(openAct(entries)).toBe(entries[2]);
  expect(openAct(entries.slice(0, 2))).toBeNull();
  expect(openAct([])).toBeNull();
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
