import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type OnnxOptions, onnxRuntime } from "../../../src/adapters/runtimes/onnx.ts";
import { UserError, WorldError } from "../../../src/domain/problem.ts";
import { releaseOf } from "../../fakes/release.ts";
import { architecture, fetching, runtimePack, serverFolder } from "../../runtime/server.ts";

const { signal } = new AbortController();
const model = { ...releaseOf("a").model, facts: { main: "digits.onnx" } };

let known = "";

beforeAll(async () => {
  known = await runtimePack();
}, fetching);

afterEach(() => {
  vi.unstubAllEnvs();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "modelgate-runtime-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const runtime = (options: Partial<OnnxOptions> = {}) =>
  onnxRuntime({
    serverFolder,
    packFolder: null,
    architecture,
    temporaryFolder: tmpdir(),
    customFolder: null,
    ...options,
  });

const problemOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems[0]!;
  if (error instanceof WorldError) return error.problem;
  throw new Error(`not a problem: ${String(error)}`);
};

/** A folder whose `npm` is this script, in front of the path. */
async function npm(script: string): Promise<void> {
  const at = await folder();
  await writeFile(join(at, "npm"), `#!${process.execPath}\n${script}`);
  await chmod(join(at, "npm"), 0o755);
  vi.stubEnv("PATH", `${at}${delimiter}${process.env["PATH"]}`);
  vi.stubEnv("RUNNER_TOOL_CACHE", join(at, "tools"));
  vi.stubEnv("RUNNER_TEMP", at);
}

test("the plan starts our server from the image's root, and says where the model is", async () => {
  const plan = await runtime().plan(model, signal);
  expect(plan).toMatchObject({
    modelFolder: "models/digits",
    entrypoint: ["node", "opt/modelgate/onnx-server/server.mjs"],
    port: 8080,
    protocol: "v2",
  });
  expect(JSON.parse(plan.env["MODELGATE_MODEL"]!)).toEqual({
    name: "digits",
    main: "digits.onnx",
    folder: "models/digits",
  });
  expect(plan.folders.map(({ to }) => to)).toEqual([
    "opt/modelgate/onnx-server/node_modules",
    "opt/modelgate/onnx-server",
  ]);
});

test("the image gets the code, the one library of its platform, and the server's own files only", async () => {
  const [packages, server] = (await runtime().plan(model, signal)).folders;
  const all = await readdir(packages!.from, { recursive: true, withFileTypes: true });
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(packages!.from.length + 1));
  const node = architecture === "amd64" ? "x64" : architecture;
  expect(files.filter((file) => file.includes("/bin/")).toSorted()).toEqual(
    ["libonnxruntime.so.1", "onnxruntime_binding.node"].map(
      (name) => `onnxruntime-node/bin/napi-v6/linux/${node}/${name}`,
    ),
  );
  expect(files.filter((file) => !/\.(js|json|node|so\.1)$/.test(file))).toEqual([]);
  expect(await readdir(server!.from)).toEqual([
    "http.mjs",
    "metrics.mjs",
    "model.mjs",
    "package.json",
    "server.mjs",
    "tensors.mjs",
  ]);
});

test("what lies beside the server in a checkout does not enter the image", async () => {
  const checkout = join(await folder(), "onnx-server");
  await cp(serverFolder, checkout, { recursive: true });
  await mkdir(join(checkout, "node_modules/x"), { recursive: true });
  await writeFile(join(checkout, "node_modules/x/index.mjs"), "");
  const [, ours] = (await runtime().plan(model, signal)).folders;
  const [, theirs] = (await runtime({ serverFolder: checkout }).plan(model, signal)).folders;
  expect(theirs).toEqual(ours);
});

test("another server is another folder", async () => {
  const checkout = join(await folder(), "onnx-server");
  await cp(serverFolder, checkout, { recursive: true });
  await writeFile(join(checkout, "metrics.mjs"), "// other", { flag: "a" });
  vi.stubEnv("RUNNER_TOOL_CACHE", join(checkout, "../tools"));
  const packFolder = join(known, "..");
  const [, changed] = (await runtime({ serverFolder: checkout, packFolder }).plan(model, signal)).folders;
  const [, ours] = (await runtime({ packFolder }).plan(model, signal)).folders;
  expect(changed?.from).not.toBe(ours?.from);
});

test("preprocessing of the image's own is a folder beside the server", async () => {
  const customFolder = await folder();
  await writeFile(join(customFolder, "preprocess.mjs"), "export const preprocess = (inputs) => inputs;");
  const { folders } = await runtime({ customFolder }).plan(model, signal);
  expect(folders[2]).toEqual({ from: customFolder, to: "opt/modelgate/custom" });
  await rm(join(customFolder, "preprocess.mjs"));
  expect(await problemOf(runtime({ customFolder }).plan(model, signal))).toMatchObject({
    code: "config.not-found",
    message: `image.server names ${customFolder}, which has no preprocess.mjs`,
    at: { key: "image.server" },
  });
});

test("a pack that is given is used without npm, and refused when it is another version or for another platform", async () => {
  const packFolder = await folder();
  await cp(known, join(packFolder, "node_modules"), { recursive: true });
  await npm("process.exit(1)");
  const { folders } = await runtime({ packFolder }).plan(model, signal);
  expect(folders[0]!.from).toBe(join(packFolder, "node_modules"));
  const other = architecture === "amd64" ? "arm64" : "amd64";
  const elsewhere = await problemOf(runtime({ packFolder, architecture: other }).plan(model, signal));
  expect([elsewhere.code, elsewhere.message]).toEqual([
    "runtime.pack",
    expect.stringContaining(`no library for linux/${other}`),
  ]);
  await writeFile(join(packFolder, "node_modules/onnxruntime-common/package.json"), '{"version":"1.0.0"}');
  expect((await problemOf(runtime({ packFolder }).plan(model, signal))).message).toMatch(
    /its onnxruntime-common is 1\.0\.0, and this modelgate needs 1\.30\.0/,
  );
  await rm(join(packFolder, "node_modules/onnxruntime-node"), { recursive: true });
  expect((await problemOf(runtime({ packFolder }).plan(model, signal))).message).toMatch(/it has no onnxruntime-node/);
});

test("npm that fails is told with its own last line", async () => {
  await npm("console.error('npm error code E404'); console.error('npm error no such package'); process.exit(1)");
  const problem = await problemOf(runtime({ temporaryFolder: await folder() }).plan(model, signal));
  expect(problem.code).toBe("runtime.pack");
  expect(problem.message).toBe("npm could not fetch onnxruntime-node@1.30.0: npm error no such package");
});

test("a package with other bytes than the committed hash is refused, and nothing of it is kept", async () => {
  const script = `
    const { writeFileSync } = require("node:fs");
    const folder = process.argv[process.argv.indexOf("--pack-destination") + 1];
    writeFileSync(folder + "/evil.tgz", "evil");
    console.log(JSON.stringify([{ filename: "evil.tgz" }]));`;
  await npm(script);
  const temporaryFolder = await folder();
  const problem = await problemOf(runtime({ temporaryFolder }).plan(model, signal));
  expect(problem.message).toMatch(
    /^onnxruntime-node@1\.30\.0 has the integrity sha512-\S+, and sha512-twhs1C2C\S+ is expected$/,
  );
  expect(await readdir(temporaryFolder)).toEqual([]);
});
