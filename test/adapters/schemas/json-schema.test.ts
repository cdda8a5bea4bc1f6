import { expect, test } from "vitest";
import { schemaFault } from "../../../src/adapters/schemas/index.ts";
import type { JsonValue } from "../../../src/domain/json.ts";

const schema: JsonValue = {
  type: "object",
  required: ["score"],
  properties: { score: { type: "integer", minimum: 1 }, tags: { type: "array", items: { type: "string" } } },
  additionalProperties: false,
};

test("a value that satisfies the schema has no fault", () => {
  expect(schemaFault(schema, { score: 3, tags: ["a"] })).toBeNull();
  expect(schemaFault(schema, { score: 9007199254740993n })).toBeNull();
});

test.each<[string, JsonValue, RegExp]>([
  ["a missing key", {}, /must have required property 'score'/],
  ["a number too small", { score: 0 }, /^\/score must be >= 1/],
  ["another type deep inside", { score: 1, tags: ["a", 2] }, /^\/tags\/1 must be string/],
  ["a key too many", { score: 1, other: 1 }, /must NOT have additional properties/],
  ["NaN for a number", { score: Number.NaN }, /^\/score must be integer/],
])("%s is told with its place", (_title, value, fault) => {
  expect(schemaFault(schema, value)).toMatch(fault);
});

test("a schema that asks for nothing by mistake, or of an unknown draft, is refused", () => {
  expect(() => schemaFault({ type: "object", requird: ["score"] }, {})).toThrow(/unsound.*unknown keyword.*requird/);
  expect(() => schemaFault({ type: "text" }, "a")).toThrow(RangeError);
  expect(() => schemaFault({ $schema: "http://json-schema.org/draft-03/schema#" }, 1)).toThrow(/unknown draft/);
});

test("draft 07 is read as such", () => {
  const pair: JsonValue = {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "array",
    items: { type: "number" },
  };
  expect([schemaFault(pair, [1, 2]), schemaFault(pair, [1, "2"])]).toEqual([null, "/1 must be number"]);
});

test("a pattern that would never end on a value refuses it", () => {
  const schema = { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } };
  expect(schemaFault(schema, { a: `${"a".repeat(60)}!` })).toMatch(/takes longer than 1 s/);
  expect(schemaFault(schema, { a: "aaa" })).toBeNull();
});
