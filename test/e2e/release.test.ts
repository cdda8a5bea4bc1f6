import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runtimePack } from "../runtime/server.ts";
import { type DockerEngine, pushNodeBase, startDocker } from "./engines/docker.ts";
import { type RegistryEngine, startRegistry } from "./engines/registry.ts";

const key = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const root = join(import.meta.dirname, "../..");
let registry: RegistryEngine;
let engine: DockerEngine;
let folder: string;

interface Ran {
  exitCode: number | null;
  outputs: Record<string, string>;
  outcome: { notes: string[] } | null;
  stderr: string;
}

function modelgate(...words: string[]): Ran {
  const paths = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  const env = { ...process.env, ...engine.env, ...paths, MODELGATE_SIGNING_KEY: key.privateKey };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "dist/cli.js"), ...words, "--json"], {
    cwd: folder,
    encoding: "utf8",
    env,
    maxBuffer: 2 ** 28,
  });
  const said = JSON.parse(stdout || "{}") as Partial<Ran>;
  return { outputs: {}, outcome: null, ...said, exitCode: status, stderr };
}

beforeAll(async () => {
  [registry, engine] = await Promise.all([startRegistry(), startDocker()]);
  folder = mkdtempSync(join(tmpdir(), "modelgate-release-"));
  cpSync(join(root, "examples/digits"), folder, { recursive: true, filter: (path) => !path.endsWith(".modelgate") });
  const library = join(await runtimePack(), "onnxruntime-node/bin/napi-v6/linux", process.arch, "libonnxruntime.so.1");
  const base = await pushNodeBase(engine, registry.host, [library]);
  const path = join(folder, "modelgate.yml");
  const text = readFileSync(path, "utf8")
    .replace("\nimage:", `\nimage:\n  repository: ${registry.host}/acme/digits\n  base: ${base}`)
    .replace("duration: 8 s", "duration: 2 s")
    .replaceAll("platform: local", "platform: docker")
    .concat("signing: { method: key, key: MODELGATE_SIGNING_KEY }\ntrust: { keys: [modelgate.pub] }\n");
  writeFileSync(path, text);
  writeFileSync(join(folder, "modelgate.pub"), key.publicKey);
});

afterAll(async () => {
  for (const environment of ["staging", "production"]) modelgate("remove", "--environment", environment);
  await engine[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("one digest: what package prints is what the registry serves, the engine pulls and both containers run", async () => {
  const packaged = modelgate("package");
  expect(packaged.exitCode, packaged.stderr).toBe(0);
  const image = packaged.outputs["image"]!;
  const digest = image.split("@")[1]!;

  const again = modelgate("package");
  expect(again.outputs["image"]).toBe(image);
  expect(again.outcome?.notes[0]).toMatch(/^0 bytes sent/);

  const accept = "application/vnd.oci.image.manifest.v1+json";
  const served = await fetch(`http://${registry.host}/v2/acme/digits/manifests/latest`, { headers: { accept } });
  expect(served.headers.get("docker-content-digest")).toBe(digest);

  const run = modelgate("run");
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.outputs).toMatchObject({ image, verdict: "pass" });
  const promoted = modelgate("promote", "--image", image);
  expect(promoted.exitCode, promoted.stderr).toBe(0);

  expect(engine.docker("pull", "--quiet", image)).toBe(image);
  for (const environment of ["staging", "production"]) {
    const [container] = engine
      .docker("ps", "--quiet", "--filter", `label=dev.modelgate.slot=digits-${environment}`)
      .split("\n");
    const id = engine.docker("container", "inspect", "--format", "{{.Image}}", container!);
    expect(engine.docker("image", "inspect", "--format", "{{json .RepoDigests}}", id)).toContain(digest);
  }
  expect(modelgate("status")).toMatchObject({ exitCode: 0, outputs: { image } });
});

test("a better model replaces it, a worse one does not, and rollback puts the first one back", () => {
  const first = modelgate("run").outputs["image"]!;
  expect(modelgate("promote", "--image", first).exitCode).toBe(0);
  const candidate = (name: string): void =>
    cpSync(join(folder, `candidates/${name}.onnx`), join(folder, "models/digits.onnx"));
  candidate("better");
  const better = modelgate("run");
  expect(better.exitCode, better.stderr).toBe(0);
  expect(modelgate("promote", "--image", better.outputs["image"]!).outputs["previous-image"]).toBe(first);
  candidate("worse");
  const worse = modelgate("run");
  expect(worse.exitCode).toBe(1);
  expect(modelgate("promote", "--image", worse.outputs["image"]!).exitCode).toBe(2);
  expect(modelgate("status").outputs["image"]).toBe(better.outputs["image"]);
  expect(modelgate("rollback").outputs["image"]).toBe(first);
  candidate("champion");
});

test("the image runs with plain docker run", async () => {
  const image = modelgate("package").outputs["image"]!;
  const id = engine.docker("run", "--detach", "--publish", "127.0.0.1:0:8080", image);
  try {
    const port = engine.docker("port", id, "8080/tcp").split(":").at(-1)!;
    let status = 0;
    for (let tries = 0; tries < 100 && status !== 200; tries++)
      status = await fetch(`http://127.0.0.1:${port}/v2/health/ready`).then(
        (answer) => answer.status,
        () => new Promise<number>((resolve) => setTimeout(() => resolve(0), 100)),
      );
    expect(status, engine.docker("logs", id)).toBe(200);
  } finally {
    engine.docker("rm", "--force", id);
  }
});
