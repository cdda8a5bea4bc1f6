import { expect, test } from "vitest";
import { UserError, WorldError } from "../../src/domain/problem.ts";
import { formatPlace, outputsOf, sortFailure } from "../../src/hosts/shell.ts";

const problem = { code: "config.missing", message: "model is missing", hint: "Add it." } as const;

test("a user's error exits with 2 and shows no stack", () => {
  expect(sortFailure(new UserError([problem]), "1.0.0")).toEqual({ exitCode: 2, problems: [problem], context: [] });
});

test("an error of the world exits with 4, names the side and keeps the causes", () => {
  const error = new WorldError(problem, {
    side: "registry 127.0.0.1:5000",
    during: "uploading a layer",
    retryable: true,
    cause: new Error("ECONNRESET", { cause: new Error("inner") }),
  });
  expect(sortFailure(error, "1.0.0")).toEqual({
    exitCode: 4,
    problems: [problem],
    context: [
      "registry 127.0.0.1:5000 failed while uploading a layer. Trying again may help.",
      "caused by: ECONNRESET",
      "caused by: inner",
    ],
  });
});

test("anything else is a bug of ours: 70, the version, where to report, the stack", () => {
  const { exitCode, context } = sortFailure(new TypeError("x is not a function"), "1.2.3");
  expect(exitCode).toBe(70);
  expect(context[0]).toContain("1.2.3");
  expect(context.join("\n")).toContain("shell.test.ts");
});

test("a place is file, line, column, key and offset as far as they are known", () => {
  expect(formatPlace({ file: "m.yml", line: 3, column: 5, key: "evaluate.data" })).toBe("m.yml:3:5 (evaluate.data)");
  expect(formatPlace({ file: "m.onnx", offset: 12 })).toBe("m.onnx (byte 12)");
});

test("outputs are all set also when there is no outcome", () => {
  expect(outputsOf(null)).toEqual({
    image: "",
    "model-digest": "",
    verdict: "error",
    url: "",
    "previous-image": "",
    evidence: "[]",
    report: "",
    models: "[]",
    images: "{}",
  });
});
