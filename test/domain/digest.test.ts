import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256, UnorderedDigest } from "../../src/domain/digest.ts";

const digestOf = (texts: readonly string[]): string => {
  const digest = new UnorderedDigest();
  for (const text of texts) digest.add(text);
  return digest.digest();
};

test.each([0, 1, 3, 32_768, 70_000])("the digest of %i texts in any order is that of their sorted hashes", (count) => {
  const texts = Array.from({ length: count }, (_, index) => `text ${index}`);
  const hashes = texts.map((text) => createHash("sha256").update(text).digest("hex")).toSorted();
  const expected = sha256(Buffer.from(hashes.join(""), "hex"));
  expect(digestOf(texts)).toBe(expected);
  expect(digestOf(texts.toReversed())).toBe(expected);
});

test("a text more is another digest, also one that was there", () => {
  expect(digestOf(["a", "a"])).not.toBe(digestOf(["a"]));
});
