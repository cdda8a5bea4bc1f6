import { expect, test } from "vitest";
import { UserError } from "../../src/domain/problem.ts";
import { commands } from "../../src/domain/request.ts";
import { helpText, readArguments } from "../../src/hosts/arguments.ts";

test("a command with its options becomes a request", () => {
  expect(
    readArguments([
      "promote",
      "--image",
      "r/x@sha256:1",
      "-e",
      "production",
      "-m",
      "why",
      "-c",
      "a/modelgate.yml",
      "--json",
    ]),
  ).toEqual({
    kind: "request",
    json: true,
    request: {
      command: "promote",
      config: "a/modelgate.yml",
      image: "r/x@sha256:1",
      environment: "production",
      reason: "why",
      record: false,
      subject: null,
      verify: false,
      bundle: null,
      policy: null,
      since: null,
      shard: null,
      models: null,
      jobs: null,
    },
  });
});

test("what is not said has its default", () => {
  expect(readArguments(["run"])).toMatchObject({
    json: false,
    request: { config: "modelgate.yml", image: null, environment: null, reason: "" },
  });
});

test.each([[[]], [["--help"]], [["run", "-h"]]])("%j asks for help", (words) => {
  expect(readArguments(words)).toEqual({ kind: "help" });
});

test("the version can be asked for", () => {
  expect(readArguments(["--version"])).toEqual({ kind: "version" });
});

test.each([
  [["relase"], /"relase" is not a command/],
  [["constructor"], /"constructor" is not a command/],
  [["run", "now"], /"now" is too much after "run"/],
  [["run", "--fast"], /--fast/],
  [["run", "--bundle", "x"], /--bundle is for bundle, verify, deploy, and not for run/],
  [["promote", "--record"], /--record is for smoke, and not for promote/],
  [["run", "--image"], /--image/],
])("%j is refused with the list of commands", (words, message) => {
  const attempt = () => readArguments(words);
  expect(attempt).toThrow(UserError);
  expect(attempt).toThrow(message);
});

test("the help names every command and exit code", () => {
  const text = helpText("1.2.3");
  for (const [name, sentence] of Object.entries(commands)) expect(text).toContain(`${name.padEnd(13)}${sentence}`);
  expect(text).toMatch(/0 pass, 1 the gate said fail, 2 .* 3 inconclusive, 4 .* 70/);
});
