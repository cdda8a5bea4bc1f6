import fc from "fast-check";
import { expect, test } from "vitest";
import { type JsonValue, readJson, writeJson } from "../../src/domain/json.ts";

/** JSON.parse makes numbers of what the reader keeps exact. */
const rounded = (value: JsonValue): unknown =>
  typeof value === "bigint"
    ? Number(value)
    : Array.isArray(value)
      ? value.map(rounded)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, rounded(field)]))
        : value;

test("whatever JSON.stringify writes is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      expect(rounded(readJson(text))).toEqual(JSON.parse(text));
    }),
  );
  expect.assertions(100);
});

test("what is written is read back as it was", () => {
  // A whole double beyond 2^53 is written as an integer, and is read as the exact one.
  const double = fc.double().filter((x) => !Number.isInteger(x) || Number.isSafeInteger(x) || Math.abs(x) >= 1e21);
  const number = fc.oneof(double, fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }), fc.maxSafeInteger());
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      number,
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value")),
      fc.dictionary(fc.string(), tie("value")),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      expect(readJson(writeJson(given))).toEqual(given);
    }),
  );
  expect.assertions(100);
});

test("what model servers write beyond JSON is read", () => {
  expect(readJson("[NaN, Infinity, -Infinity]")).toEqual([Number.NaN, Number.POSITIVE_INFINITY, -Infinity]);
  expect(readJson("[9007199254740993, -18446744073709551615, 9007199254740991]")).toEqual([
    9007199254740993n,
    -18446744073709551615n,
    9007199254740991,
  ]);
  expect(readJson(`1${"0".repeat(1000)}`)).toBe(Number.POSITIVE_INFINITY);
  expect(readJson('{"__proto__":{"polluted":1}}')).not.toHaveProperty("polluted");
});

test.each([
  ["nothing", "", /no value at position 0/],
  ["a list that does not end", "[1", /list does not end/],
  ["an object that does not end", "{", /key is missing/],
  ["a key without a value", '{"a"}', /colon/],
  ["a trailing comma", "[1,]", /no value at position 3/],
  ["a word", "nul", /no value/],
  ["a leading zero", "01", /more after the value at position 1/],
  ["a control character", '"\u0001"', /string does not end/],
  ["a bad escape", '"\\x"', /escape/i],
  ["two values", "[1] 2", /more after/],
  ["single quotes", "{'a':1}", /key is missing/],
  ["a key twice", '{"a":1,"a":2}', /"a" stands twice/],
  ["too much depth", `${"[".repeat(300)}${"]".repeat(300)}`, /nested more than 200/],
])("%s is refused, with the position", (_title, text, message) => {
  expect(() => readJson(text)).toThrow(SyntaxError);
  expect(() => readJson(text)).toThrow(message);
});

test("no text makes the reader throw anything but a SyntaxError", () => {
  const pieces = fc.array(fc.constantFrom(...'[]{}:,"\\-+.eE01 \n'.split(""), "NaN", "null", "Infinity", "\\u12", "é"));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((all) => all.join("")),
      ),
      (text) => {
        try {
          expect(readJson(text)).not.toBeUndefined();
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect.hasAssertions();
});
