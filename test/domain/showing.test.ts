import { describe, expect, test } from "vitest";
import { emptyOutcome, type Outcome } from "../../src/domain/outcome.ts";
import { commands } from "../../src/domain/request.ts";
import {
  commitStatuses,
  concludes,
  deployedBy,
  description,
  failedStatus,
  isProduction,
} from "../../src/domain/showing.ts";
import { releaseOf } from "../fakes/release.ts";

const { model, image } = releaseOf("a");
const outcome = (fields: Partial<Outcome>): Outcome => ({
  ...emptyOutcome,
  ...{ command: "run", verdict: "pass", headline: "digits passes 5 gates", environment: "staging" },
  ...{ model, image, url: "http://127.0.0.1:1" },
  ...fields,
});

test.each([
  ["pass", "success", "digits is judged"],
  ["fail", "failure", "fail: digits is judged"],
  ["inconclusive", "error", "inconclusive: digits is judged"],
  ["error", "error", "error: digits is judged"],
] as const)("%s is the state %s at the commit", (verdict, state, text) => {
  expect(commitStatuses(outcome({ verdict, headline: "digits is judged" }))).toEqual([
    { context: "modelgate/digits", state, description: text },
  ]);
});

test("only commands that conclude a release say anything at the commit", () => {
  const concluding = Object.keys(commands).filter((command) => concludes(command as Outcome["command"]));
  expect(concluding.toSorted()).toEqual(["collect", "gate", "run"]);
  expect(commitStatuses(outcome({ command: "smoke" }))).toEqual([]);
});

test("a command without an outcome is an error at the commit", () => {
  expect(failedStatus("digits", "the model is empty")).toEqual({
    context: "modelgate/digits",
    state: "error",
    description: "error: the model is empty",
  });
});

test("a description never holds what GitHub refuses", () => {
  expect(description(`${"x".repeat(139)}\u{1F600}\u{1F600}`)).toBe(`${"x".repeat(139)}…`);
  expect(description("a \u{1F600} b\nc")).toBe("a \uFFFD b c");
  expect(description("\uD83D alone")).toBe("\uFFFD alone");
});

describe("what runs where because of an outcome", () => {
  test("a deployment, a run that ended with any verdict, a promotion and a rollback say it", () => {
    for (const command of ["deploy", "run", "promote", "rollback"] as const)
      expect(deployedBy(outcome({ command, verdict: "fail" }))).toMatchObject({ command, model: "digits", image });
  });

  test.each([
    ["a gate", { command: "gate" }],
    ["a promotion that waits", { command: "promote", verdict: "inconclusive", url: null }],
    ["a bundle that is refused", { command: "deploy", verdict: "fail", url: null }],
    ["a status", { command: "status" }],
  ] as [string, Partial<Outcome>][])("%s does not", (_, fields) => {
    expect(deployedBy(outcome(fields))).toBeNull();
  });
});

test("production is what is promoted to, whatever its name", () => {
  expect(isProduction("production", "deploy")).toBe(true);
  expect(isProduction("prod-eu", "promote")).toBe(true);
  expect(isProduction("staging", "run")).toBe(false);
});
