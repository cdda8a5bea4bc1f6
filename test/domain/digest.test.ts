import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256, UnorderedDigest } from "../../src/domain/digest.ts";

const digestOf = (texts: readonly string[]): string => {
  const digest = new UnorderedDigest();
  for (const text of texts) digest.add(text);
  return digest.digest().digest;
};

test.each([0, 1, 3, 32_768, 70_000])("the digest of %i texts in any order is that of their sorted hashes", (count) => {
  const texts = Array.from({ length: count }, (_, index) => `text ${index}`);
  const hashes = texts.map((text) => createHash("sha256").update(text).digest("hex")).toSorted();
  const expected = sha256(Buffer.from(hashes.join(""), "hex"));
  expect(digestOf(texts)).toBe(expected);
  expect(digestOf(texts.toReversed())).toBe(expected);
});

test("the numbers of the texts come in the order of their hashes, those of the same text as they came", () => {
  const digest = new UnorderedDigest();
  const texts = Array.from({ length: 40_000 }, (_, index) => `text ${index % 39_990}`);
  for (const text of texts) digest.add(text);
  const { order } = digest.digest();
  const hashed = [...texts.keys()]
    .map((index) => ({ index, hash: createHash("sha256").update(texts[index]!).digest("hex") }))
    .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.index - b.index));
  expect([...order]).toEqual(hashed.map(({ index }) => index));
});

test("a text more is another digest, also one that was there", () => {
  expect(digestOf(["a", "a"])).not.toBe(digestOf(["a"]));
});
