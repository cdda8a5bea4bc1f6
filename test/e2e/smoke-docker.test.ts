import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { registryBuilder } from "../../src/adapters/builders/registry.ts";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import { dockerPlatform } from "../../src/adapters/platforms/docker.ts";
import { localPlatform } from "../../src/adapters/platforms/local.ts";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { schemaFault } from "../../src/adapters/schemas/index.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { readGoldens } from "../../src/domain/golden.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Runtime } from "../../src/ports/runtime.ts";
import { smoke } from "../../src/stages/smoke.ts";
import { tinyRelease, tinyRuntime } from "../fakes/tiny-release.ts";
import { architecture, runtimePack } from "../runtime/server.ts";
import { type DockerEngine, pushNodeBase, startDocker } from "./engines/docker.ts";
import { type RegistryEngine, startRegistry } from "./engines/registry.ts";

// The smoke test of a release in a container, with the same image run again as a process of this machine.

const { signal } = new AbortController();

let engine: DockerEngine;
let registry: RegistryEngine;
let base = "";

beforeAll(async () => {
  [engine, registry] = await Promise.all([startDocker(), startRegistry()]);
  const library = join(await runtimePack(), "onnxruntime-node/bin/napi-v6/linux", process.arch, "libonnxruntime.so.1");
  base = await pushNodeBase(engine, registry.host, [library]);
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

let slots = 0;

async function deployed(runtime: Runtime = tinyRuntime()) {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-smoke-docker-"));
  const openStore = createOpenStore({
    layoutFolder: folder,
    dockerConfig: null,
    runHelper: () => Promise.reject(new Error("no helper")),
  });
  const builder = registryBuilder({ repository: `${registry.host}/acme/smoke`, openStore, architecture });
  const slot = `smoke-${process.pid}-${++slots}`;
  const staging = dockerPlatform({}, { slot, env: engine.env });
  const here = localPlatform({}, { folder: join(folder, "here"), openStore, searchPath: "" });
  onTestFinished(async () => {
    await Promise.all([staging.remove(signal), here.remove(signal)]);
    await rm(folder, { recursive: true, force: true });
  });
  const release = await tinyRelease(builder, "good", { base, runtime });
  await staging.deploy(release, signal);
  const container = () => engine.docker("ps", "--quiet", "--filter", `label=dev.modelgate.slot=${slot}`);
  return { staging, here, container, release };
}

async function tested({ staging, here, release }: Awaited<ReturnType<typeof deployed>>) {
  const lines = [1, 2, 3].map((x) => `{"id":"g${x}","inputs":{"x":[[${x},0]]},"expect":{"y":[[${x},0]]}}`);
  const report = await smoke({
    release,
    running: (await staging.current(signal))!,
    protocol: v2,
    stranger: null,
    goldens: readGoldens(lines.join("\n"), "golden.jsonl", release.model.inputs),
    plan: null,
    schemaFault,
    runner: { platform: here, protocol: () => v2 },
    vitals: (limit) => staging.vitals!(limit),
    strict: true,
    clock: systemClock,
    signal,
  });
  const detailOf = (id: string) => report.steps.find((step) => step.id === id)?.detail;
  return { report, detailOf };
}

test("a container answers as the same image on this machine, and the engine says how it does", async () => {
  const { report, detailOf } = await tested(await deployed());
  expect(report.steps.filter(({ ok, level }) => !ok && level !== "skipped")).toEqual([]);
  expect(report.passed).toBe(true);
  expect(detailOf("S5 parity")).toBe("3 golden requests are answered as by the same image on this machine");
  expect(detailOf("S9 afterwards")).toMatch(/never restarted; it takes [\d.]+ MiB of memory, [\d.]+ MiB (more|less)/);
});

test("a container that the engine restarted fails, though it answers again", async () => {
  const made = await deployed();
  engine.docker("exec", made.container(), "node", "-e", "process.kill(1, 'SIGKILL'); process.kill(1, 'SIGTERM')");
  const restarted = async (): Promise<boolean> => (await made.staging.vitals!(signal))?.restarts === 1;
  while (!(await restarted().catch(() => false))) await systemClock.until(systemClock.monotonic() + 200, signal);
  const { report, detailOf } = await tested(made);
  expect(report.passed).toBe(false);
  expect(detailOf("S9 afterwards")).toMatch(/the platform restarted it 1 time since it was deployed/);
});

test("a model in a folder of its version is read back from there, beside what the runtime generated", async () => {
  const plain = tinyRuntime();
  const versioned: Runtime = {
    ...plain,
    async plan(model, limit) {
      const plan = await plain.plan(model, limit);
      const folder = `models/${model.name}/1`;
      const env = { MODELGATE_MODEL: JSON.stringify({ name: model.name, main: "tiny.onnx", folder }) };
      return { ...plan, modelFolder: folder, files: { [`models/${model.name}/config.pbtxt`]: "x" }, env };
    },
  };
  const { staging, release }: { staging: Awaited<ReturnType<typeof deployed>>["staging"]; release: Release } =
    await deployed(versioned);
  expect(release.modelFolder).toBe("models/tiny/1");
  expect((await staging.current(signal))?.modelDigest).toBe(release.model.digest);
});
