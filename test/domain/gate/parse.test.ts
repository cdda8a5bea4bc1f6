import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GateSyntaxError, parseCheck } from "../../../src/domain/gate/parse.ts";

function problem(text: string): GateSyntaxError {
  try {
    parseCheck(text);
  } catch (error) {
    if (error instanceof GateSyntaxError) return error;
    throw error;
  }
  throw new Error(`"${text}" was read without a problem`);
}

describe("a problem has its column and says what is allowed", () => {
  test.each<[string, number, RegExp]>([
    ["accuracy == 1", 10, /one of >=, <=, >, </],
    ["accuracy => 0.9", 10, /one of >=, <=, >, </],
    ["accuracy >=", 12, /a number/],
    ["accuracy >= 0.9 && f1 > 0.8", 17, /two checks/],
    ["accuracy > chmpion", 12, /did you mean "champion"\?/],
    ["accuracy >= champion - 1rps", 25, /%, pp/],
    ["accuracy >= champion * 2%", 25, /no unit/],
    ["accuracy >= 0.9x", 16, /%, ms, us, s, rps/],
    ["accuracy >= 1e999", 18, /smaller number/],
    ["latency.p100 < 3ms", 9, /between p0 and p100/],
    ["latency.p99x < 3ms", 9, /percentile such as p99/],
    ["accuracy >= 0.9 @40%", 18, /from 50%/],
    ["accuracy >= 0.9 @95", 18, /@95%/],
    ["Accuracy > 1", 1, /lower case: accuracy/],
    ["recall(class=) >= 0.8", 14, /value of class/],
    ["recall(class=a, class=b) >= 0.8", 17, /once/],
    ["recall(class=a >= 0.8", 16, /"\)"/],
    ["accuracy >= 0.9 by country, country", 29, /once/],
    ["accuracy >= 0.9 [min 0]", 22, /from 1/],
    ["accuracy >= 0.9 [min 5] @95%", 25, /in this order/],
  ])("%s", (text, column, hint) => {
    const found = problem(text);
    expect({ column: found.column, hint: found.hint }).toEqual({ column, hint: expect.stringMatching(hint) });
  });
});

test("names with other characters are written in double quotes", () => {
  const { args, by } = parseCheck('recall(class="a, b") >= 0.8 by "writer-group", site');
  expect({ args, by }).toEqual({ args: { class: "a, b" }, by: ["writer-group", "site"] });
});

test("a class may have a space without quotes", () => {
  expect(parseCheck("recall(class=credit card ) >= 0.8").args).toEqual({ class: "credit card" });
});

test("spaces mean nothing and a negative bound is a number", () => {
  const tight = parseCheck("bias>=-0.5@95%[min 40]");
  const wide = parseCheck("bias  >=  - 0.5 @ 95 % [ min 40 ]");
  expect({ ...tight, at: null }).toEqual({ ...wide, at: null });
  expect(tight.right).toEqual({ kind: "value", value: -0.5, unit: null });
});

test("a factor and a relative offset add up", () => {
  expect(parseCheck("f1 >= champion * 0.5 + 25%").right).toEqual({
    kind: "ref",
    ref: "champion",
    mul: 0.75,
    off: 0,
    unit: "%",
  });
});

/** How far a text was read: to its end, or to the column of its problem. */
function endOf(text: string): number {
  try {
    parseCheck(text);
    return text.length;
  } catch (error) {
    if (error instanceof GateSyntaxError) return error.column;
    throw error;
  }
}

test("any text is read or refused with a column inside it", () => {
  const tokens = fc.array(
    fc.constantFrom(
      "accuracy",
      "latency",
      ".p99",
      ">=",
      "<",
      "=",
      "0.9",
      "champion",
      "-",
      "1pp",
      "%",
      "@95%",
      "by",
      "a",
      ",",
      "(",
      ")",
      "[min",
      "5]",
      " ",
      '"',
      "é",
      "\n",
    ),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 60 }),
        tokens.map((list) => list.join(" ")),
        tokens.map((list) => list.join("")),
      ),
      (text) => {
        expect(endOf(text)).toBeLessThanOrEqual(text.length + 1);
      },
    ),
  );
});

test("a text too long for a check is refused before it is read", () => {
  expect(problem("a".repeat(5000)).message.length).toBeLessThan(600);
});
