import { expect, test } from "vitest";
import { commandPlatform } from "../../../src/adapters/platforms/command.ts";
import { formatImage } from "../../../src/domain/image.ts";
import { modelDigest } from "../../../src/domain/model.ts";
import { WorldError } from "../../../src/domain/problem.ts";
import type { ScriptCall, ScriptEnd } from "../../../src/ports/script-runner.ts";
import { releaseOf } from "../../fakes/release.ts";
import { thresholding, v2Server } from "../../fakes/v2-server.ts";

const { signal } = new AbortController();
const release = releaseOf("good");
const ended = (output: string): ScriptEnd => ({ output, failure: null, log: "" });
const failed: ScriptEnd = { output: null, failure: "ended with exit code 3", log: "no such host" };

/** A platform whose script answers each verb as told, and what the script was called with. */
function scripted(answers: Record<string, () => ScriptEnd>, timeout = 60_000) {
  const calls: ScriptCall[] = [];
  const run = async (call: ScriptCall): Promise<ScriptEnd> => {
    calls.push(call);
    return answers[call.words.at(-1)!]!();
  };
  const platform = commandPlatform(
    { run: ["tools/edge", "--fast"], env: ["TOKEN"], timeout },
    { slot: "digits-staging", scripts: { run } },
  );
  return { platform, calls };
}

const running = (more: object = {}): string =>
  JSON.stringify({
    image: formatImage(release.image),
    url: "http://127.0.0.1:9/",
    protocol: "v2",
    model: release.model.digest,
    ...more,
  });

const failure = (work: Promise<unknown>): Promise<WorldError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => (error instanceof WorldError ? error : Promise.reject(error)),
  );

test("the script is told what to do in its last word, and of the release by variables", async () => {
  await using server = await v2Server(thresholding);
  let deployed = false;
  const { platform, calls } = scripted({
    current: () => ended(deployed ? running({ url: server.endpoint.url }) : "null"),
    deploy: () => {
      deployed = true;
      return ended("whatever it prints");
    },
    remove: () => ended(""),
  });
  const named = { ...release, model: { ...release.model, name: "m" }, readyPath: "/v2/models/m/ready" };
  const { running: seen, replaced } = await platform.deploy(named, signal);
  expect(replaced).toBeNull();
  expect(seen).toEqual({
    image: release.image,
    modelDigest: release.model.digest,
    endpoint: { url: server.endpoint.url, protocol: "v2" },
  });
  await platform.deploy(named, signal);
  await platform.remove(signal);
  expect(calls.map(({ words }) => words)).toEqual(
    ["current", "deploy", "current", "current", "current", "remove"].map((verb) => ["tools/edge", "--fast", verb]),
  );
  expect(calls[1]).toMatchObject({
    told: {
      MODELGATE_SLOT: "digits-staging",
      MODELGATE_IMAGE: formatImage(release.image),
      MODELGATE_MODEL: "m",
      MODELGATE_MODEL_DIGEST: release.model.digest,
      MODELGATE_MODEL_FOLDER: "/models/m",
      MODELGATE_PROTOCOL: "v2",
      MODELGATE_PORT: "8080",
      MODELGATE_READY_PATH: "/v2/models/m/ready",
    },
    passed: ["TOKEN"],
    milliseconds: 60_000,
  });
});

test("the digest of the model is made of the files that the script found", async () => {
  const files = [
    { path: "b.onnx", bytes: 2, digest: release.model.digest },
    { path: "a.txt", bytes: 1, digest: release.image.digest },
  ];
  const { platform } = scripted({ current: () => ended(running({ model: undefined, files })) });
  expect((await platform.current(signal))?.modelDigest).toBe(modelDigest(files));
});

test.each([
  ["", /no sound answer: .*position 0/],
  ["{}", /image, url and protocol must be texts/],
  [running({ image: "registry.example/acme/digits:latest" }), /does not name an image by digest/],
  [running({ url: "edge-7" }), /no sound answer: .*URL/],
  [running({ url: "file:///etc/passwd" }), /url is file/],
  [running({ model: "abc" }), /model \(sha256:…\) or files must say/],
  [
    running({ files: [{ path: "a", bytes: "1", digest: release.model.digest }] }),
    /a file has no path, bytes or digest/,
  ],
])("what does not say what runs is no answer: %s", async (output, why) => {
  const { platform } = scripted({ current: () => ended(output) });
  const error = await failure(platform.current(signal));
  expect(error.problem).toMatchObject({ code: "platform.unavailable", message: expect.stringMatching(why) });
  expect(error.problem.message).toContain("tools/edge --fast current printed");
});

test("a script that fails is told with its end and its last lines, and nothing counts as running", async () => {
  const asked = scripted({ current: () => failed });
  expect((await failure(asked.platform.current(signal))).problem).toMatchObject({
    code: "platform.unavailable",
    message: "tools/edge --fast current ended with exit code 3. Its last lines:\nno such host",
  });
  const { platform } = scripted({ current: () => ended("null"), deploy: () => failed, remove: () => failed });
  expect((await failure(platform.deploy(release, signal))).problem).toMatchObject({
    code: "platform.not-ready",
    message: expect.stringContaining("deploy ended with exit code 3. Its last lines:\nno such host"),
  });
  expect((await failure(platform.remove(signal))).problem.code).toBe("platform.unavailable");
});

test("a script that says it is done while nothing serves did not deploy", async () => {
  const { platform } = scripted({ current: () => ended("null"), deploy: () => ended("") }, 100);
  const { problem } = await failure(platform.deploy(release, signal));
  expect(problem).toMatchObject({
    code: "platform.not-ready",
    message: expect.stringContaining("does not serve: it was not ready after"),
  });
});
