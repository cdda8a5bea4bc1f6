import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { registryBuilder } from "../../src/adapters/builders/registry.ts";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import { commandPlatform } from "../../src/adapters/platforms/command.ts";
import { type DockerOptions, dockerPlatform } from "../../src/adapters/platforms/docker.ts";
import { localPlatform } from "../../src/adapters/platforms/local.ts";
import { protocols } from "../../src/adapters/protocols/index.ts";
import { scriptRunner } from "../../src/adapters/system/scripts.ts";
import { UserError, WorldError } from "../../src/domain/problem.ts";
import { type Running } from "../../src/domain/release.ts";
import { platformContract } from "../contracts/platform.ts";
import { freePort } from "../fakes/free-port.ts";
import { tinyRelease, tinyRuntime } from "../fakes/tiny-release.ts";
import { architecture, runtimePack } from "../runtime/server.ts";
import { type DockerEngine, pushNodeBase, startDocker } from "./engines/docker.ts";
import { type RegistryEngine, startRegistry } from "./engines/registry.ts";

const { signal } = new AbortController();

let engine: DockerEngine;
let registry: RegistryEngine;
let base = "";
/** The native library of the runtime, whose own libraries the base must have. */
let library = "";

beforeAll(async () => {
  [engine, registry] = await Promise.all([startDocker(), startRegistry()]);
  library = join(await runtimePack(), "onnxruntime-node/bin/napi-v6/linux", process.arch, "libonnxruntime.so.1");
  base = await pushNodeBase(engine, registry.host, [library]);
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const openStore = () =>
  createOpenStore({
    layoutFolder: tmpdir(),
    dockerConfig: null,
    runHelper: () => Promise.reject(new Error("no helper")),
  });

let slots = 0;

/** A slot of its own on the engine, and releases in the registry. */
function place() {
  const slot = `test-${process.pid}-${++slots}`;
  const repository = `${registry.host}/acme/tiny`;
  const builder = registryBuilder({ repository, openStore: openStore(), architecture });
  const platform = (options: DockerOptions = {}, env: Record<string, string> = {}) =>
    dockerPlatform(options, { slot, env: { ...engine.env, ...env } });
  return {
    slot,
    repository,
    builder,
    platform,
    release: (variant: Parameters<typeof tinyRelease>[1], options: Parameters<typeof tinyRelease>[2] = {}) =>
      tinyRelease(builder, variant, { base, ...options }),
    containers: () =>
      engine
        .docker("ps", "--all", "--quiet", "--filter", `label=dev.modelgate.slot=${slot}`)
        .split("\n")
        .filter(Boolean),
    dispose: () => platform().remove(signal),
  };
}

const opened = () => {
  const made = place();
  onTestFinished(() => made.dispose());
  return made;
};

const inspect = (id: string) =>
  JSON.parse(engine.docker("inspect", id))[0] as {
    Config: { User: string; Env: string[]; Labels: Record<string, string> };
    Mounts: unknown[];
    HostConfig: {
      ReadonlyRootfs: boolean;
      CapDrop: string[];
      SecurityOpt: string[];
      Memory: number;
      RestartPolicy: { Name: string };
    };
  };

const answer = async ({ endpoint }: Running): Promise<unknown> => {
  await using session = protocols.v2.connect(endpoint, "tiny");
  const call = session.prepare({ x: { dtype: "float32", shape: [1, 2], data: [1, -2] } }, "a");
  return (await call.send(signal)).outputs["y"]?.data;
};

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

platformContract("docker", async () => {
  const { platform, release, dispose } = place();
  return { platform: platform(), release, dispose };
});

platformContract("docker on a fixed port", async () => {
  const { platform, release, dispose } = place();
  return { platform: platform({ port: await freePort() }), release, dispose };
});

platformContract("command, by the sample script", async () => {
  const { slot, release } = place();
  const folder = join(import.meta.dirname, "../../examples/command-platform");
  const env = { ...engine.env, PATH: process.env["PATH"]! };
  const scripts = scriptRunner({ env, folder, temporaryFolder: tmpdir() });
  const options = { run: ["python3", "deploy.py"], env: Object.keys(engine.env), timeout: 60_000 };
  const platform = commandPlatform(options, { slot, scripts });
  return { platform, release, dispose: () => platform.remove(signal) };
});

describe("docker", () => {
  test("the digest that package gave is that of the manifest that docker pulls and of the container that answers", async () => {
    const { platform, release, repository } = opened();
    const good = await release("good");
    const { running } = await platform().deploy(good, signal);
    expect(engine.docker("pull", `${repository}@${good.image.digest}`)).toContain(`Digest: ${good.image.digest}`);
    expect(running.image).toEqual(good.image);
    expect(await answer(running)).toEqual([1, -2]);
    await using session = protocols.v2.connect(running.endpoint, "tiny");
    expect(await session.metadata(signal)).toMatchObject({ name: "tiny", modelDigest: good.model.digest });
  });

  test("packaging again sends nothing", async () => {
    const { builder } = opened();
    const { digest } = (await tinyRelease(builder, "good", { base })).image;
    const counting = registryBuilder({
      repository: `${registry.host}/acme/tiny`,
      openStore: openStore(),
      architecture,
    });
    let sent = -1;
    const again = await tinyRelease(
      {
        ...counting,
        async build(plan, stop) {
          const result = await counting.build(plan, stop);
          sent = result.sentBytes;
          return result;
        },
      },
      "good",
      { base },
    );
    expect([again.image.digest, sent]).toEqual([digest, 0]);
  });

  test("the container has no root, no capabilities, no new privileges and a read-only file system, and restarts", async () => {
    const { platform, release, containers } = opened();
    await platform({ memory: 256 * 2 ** 20, env: { GREETING: "hello there" } }).deploy(await release("good"), signal);
    const { Config, HostConfig } = inspect(containers()[0]!);
    expect(Config.User).toBe("65532:65532");
    expect(Config.Env).toContain("GREETING=hello there");
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: 256 * 2 ** 20,
      RestartPolicy: { Name: "unless-stopped" },
    });
  });

  test("what a configuration sets of a container is what the engine runs, and secrets come from variables", async () => {
    const { platform, release, containers } = opened();
    const folder = await mkdtemp(join(tmpdir(), "modelgate-volume-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const settings: DockerOptions = {
      ...{ cpus: 1.5, "shm-size": 80 * 2 ** 20, user: "1000:1000", restart: "on-failure", tmpfs: ["/cache"] },
      volumes: [{ source: folder, target: "/lexicon", writable: false }],
      secrets: { API_KEY: "TEST_API_KEY" },
      health: { command: "exit 0", every: 7000, timeout: 3000, retries: 2 },
    };
    await platform(settings, { TEST_API_KEY: "open = #\n sesame" }).deploy(await release("good"), signal);
    const { Config, HostConfig, Mounts } = inspect(containers()[0]!);
    expect(Config.Env).toContain("API_KEY=open = #\n sesame");
    expect(Config).toMatchObject({
      User: "1000:1000",
      Healthcheck: { Test: ["CMD-SHELL", "exit 0"], Interval: 7e9, Timeout: 3e9, Retries: 2 },
    });
    expect(HostConfig).toMatchObject({
      NanoCpus: 1.5e9,
      ShmSize: 80 * 2 ** 20,
      RestartPolicy: { Name: "on-failure" },
      Tmpfs: { "/tmp": "", "/cache": "" },
      ReadonlyRootfs: true,
    });
    expect(Mounts).toContainEqual(expect.objectContaining({ Source: folder, Destination: "/lexicon", RW: false }));
    expect(JSON.stringify(Config.Labels)).not.toContain("sesame");
  });

  test("a secret whose variable is not set stops the deployment by its name", async () => {
    const { platform, release, containers } = opened();
    const good = await release("good");
    const secrets = { API_KEY: "TEST_API_KEY" };
    const error = await failure(platform({ secrets }).deploy(good, signal));
    expect((error as UserError).problems).toMatchObject([
      { code: "input.missing", message: expect.stringContaining("the variable TEST_API_KEY is not set") },
    ]);
    expect(containers()).toEqual([]);
  });

  test("a release with other options replaces the same release", async () => {
    const { platform, release, containers } = opened();
    const good = await release("good");
    await platform({ memory: 256 * 2 ** 20 }).deploy(good, signal);
    const [before] = containers();
    await platform({ memory: 256 * 2 ** 20 }).deploy(good, signal);
    expect(containers()).toEqual([before]);
    const { replaced } = await platform({ memory: 300 * 2 ** 20 }).deploy(good, signal);
    expect(replaced?.image).toEqual(good.image);
    expect(containers()).toHaveLength(1);
    expect(inspect(containers()[0]!).HostConfig.Memory).toBe(300 * 2 ** 20);
  });

  test("a base image's own user is kept, unless it is root", async () => {
    const { platform, release, containers } = opened();
    const container = engine.docker("create", base, "node");
    for (const [user, expected] of [
      ["1234:99", "1234:99"],
      ["root", "65532:65532"],
    ] as const) {
      const image = `${registry.host}/base/node:user-${user.slice(0, 4)}`;
      engine.docker("commit", "--change", `USER ${user}`, container, image);
      engine.docker("push", image);
      await platform().deploy(await release("good", { base: image }), signal);
      expect(inspect(containers()[0]!).Config.User).toBe(expected);
    }
  });

  test("bytes that changed inside the container show, and deploying again puts the right ones back", async () => {
    const { platform, release, slot, repository } = opened();
    const [good, other] = [await release("good"), await release("other")];
    await platform().deploy(other, signal);
    // Somebody starts a container by hand that claims to be the good release, from the other's image.
    engine.docker(
      "rm",
      "--force",
      ...engine.docker("ps", "-aq", "--filter", `label=dev.modelgate.slot=${slot}`).split("\n"),
    );
    const labels = {
      slot,
      image: `${repository}@${good.image.digest}`,
      model: "tiny",
      protocol: "v2",
      port: "8080",
      generation: "1",
    };
    const words = Object.entries(labels).flatMap(([name, value]) => ["--label", `dev.modelgate.${name}=${value}`]);
    engine.docker("run", "--detach", "--publish", "127.0.0.1::8080", ...words, `${repository}@${other.image.digest}`);
    const pretender = await platform().current(signal);
    expect(pretender?.image.digest).toBe(other.image.digest);
    expect(pretender?.modelDigest).toBe(other.model.digest);
    const { running } = await platform().deploy(good, signal);
    expect(running).toMatchObject({ image: good.image, modelDigest: good.model.digest });
    // One file of the running container is overwritten.
    const folder = await mkdtemp(join(tmpdir(), "modelgate-tamper-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    engine.docker(
      "rm",
      "--force",
      ...engine.docker("ps", "-aq", "--filter", `label=dev.modelgate.slot=${slot}`).split("\n"),
    );
    const id = engine.docker(
      "run",
      "--detach",
      "--publish",
      "127.0.0.1::8080",
      ...words,
      `${repository}@${good.image.digest}`,
    );
    expect((await platform().current(signal))?.modelDigest).toBe(good.model.digest);
    await writeFile(join(folder, "tiny.onnx"), "changed");
    engine.docker("cp", join(folder, "tiny.onnx"), `${id}:/models/tiny/tiny.onnx`);
    const tampered = await platform().current(signal);
    expect(tampered?.image).toEqual(good.image);
    expect(tampered?.modelDigest).not.toBe(good.model.digest);
    expect((await platform().deploy(good, signal)).running.modelDigest).toBe(good.model.digest);
  });

  test("an image that the engine knows under no digest is not believed", async () => {
    const { platform, release, slot, repository } = opened();
    const good = await release("good");
    await platform().deploy(good, signal);
    const committed = engine.docker(
      "commit",
      engine.docker("ps", "-q", "--filter", `label=dev.modelgate.slot=${slot}`),
    );
    await platform().remove(signal);
    const labels = {
      slot,
      image: `${repository}@${good.image.digest}`,
      model: "tiny",
      protocol: "v2",
      port: "8080",
      generation: "1",
    };
    engine.docker(
      "run",
      "--detach",
      ...Object.entries(labels).flatMap(([name, value]) => ["--label", `dev.modelgate.${name}=${value}`]),
      committed,
    );
    const running = await platform().current(signal);
    expect(running?.image.digest).not.toBe(good.image.digest);
    expect(running?.modelDigest).toBe(good.model.digest);
  });

  test("going back needs no registry when the engine still has the image", async () => {
    const { platform } = opened();
    const gone = await startRegistry();
    const builder = registryBuilder({ repository: `${gone.host}/acme/tiny`, openStore: openStore(), architecture });
    const [good, other] = [await tinyRelease(builder, "good", { base }), await tinyRelease(builder, "other", { base })];
    await platform().deploy(good, signal);
    await gone[Symbol.asyncDispose]();
    const error = await failure(platform().deploy(other, signal));
    expect((error as WorldError).problem).toMatchObject({
      code: "platform.unavailable",
      message: expect.stringContaining(`docker failed while pulling ${gone.host}`),
    });
    await platform().remove(signal);
    expect((await platform().deploy(good, signal)).running.image).toEqual(good.image);
  });

  test("an image of the embedded registry is refused with what to do", async () => {
    const { platform, release } = opened();
    const good = await release("good");
    const error = await failure(
      platform().deploy({ ...good, image: { ...good.image, repository: "embedded/tiny" } }, signal),
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).problems[0]).toMatchObject({
      hint: expect.stringContaining("image.repository"),
      at: { key: "image.repository" },
    });
  });

  test("an image that the registry does not have is not asked for three times", async () => {
    const { platform, release } = opened();
    const good = await release("good");
    const digest = good.image.digest.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) as typeof good.image.digest;
    const error = await failure(platform().deploy({ ...good, image: { ...good.image, digest } }, signal));
    expect((error as WorldError).problem.message).toMatch(/docker failed while pulling .*(not found|manifest unknown)/);
  });

  test("a container whose process ends is told with its exit code and last lines, and removed", async () => {
    const { platform, release, containers } = opened();
    const error = await failure(platform().deploy(await release("never-ready"), signal));
    expect((error as WorldError).problem).toMatchObject({
      code: "platform.exited",
      message: expect.stringMatching(/its process ended with exit code 1\. Its last lines:\n[\s\S]*cannot serve: /),
    });
    expect(containers()).toEqual([]);
  });

  test("what a killed deployment left is removed, and the older container serves until then", async () => {
    const { platform, release, slot, repository, containers } = opened();
    const [good, other] = [await release("good"), await release("other")];
    const { running } = await platform().deploy(good, signal);
    engine.docker("pull", `${repository}@${other.image.digest}`);
    const labels = {
      slot,
      image: `${repository}@${other.image.digest}`,
      model: "tiny",
      protocol: "v2",
      port: "8080",
      generation: "2",
    };
    engine.docker(
      "run",
      "--detach",
      "--publish",
      "127.0.0.1::8080",
      ...Object.entries(labels).flatMap(([name, value]) => ["--label", `dev.modelgate.${name}=${value}`]),
      `${repository}@${other.image.digest}`,
    );
    expect(containers()).toHaveLength(2);
    expect(await platform().current(signal)).toEqual(running);
    await platform().deploy(good, signal);
    expect(containers()).toHaveLength(1);
    expect(await platform().current(signal)).toEqual(running);
  });

  test("an abort removes the container that was not ready yet, and the old one serves on", async () => {
    const { platform, release, containers } = opened();
    const { running } = await platform().deploy(await release("good"), signal);
    const stop = new AbortController();
    const next = await release("other", { runtime: await sleeping() });
    const deploying = failure(platform().deploy(next, stop.signal));
    await expect.poll(() => containers().length, { timeout: 20_000 }).toBe(2);
    stop.abort(new Error("enough"));
    expect(await deploying).toEqual(new Error("enough"));
    expect(containers()).toHaveLength(1);
    expect(await platform().current(signal)).toEqual(running);
  });

  test("the same image runs on the local platform, from its own layers and without the base", async () => {
    const { release } = opened();
    const good = await release("good");
    const folder = await mkdtemp(join(tmpdir(), "modelgate-local-"));
    const local = localPlatform({}, { folder, openStore: openStore(), searchPath: "" });
    onTestFinished(async () => {
      await local.remove(signal);
      await rm(folder, { recursive: true, force: true });
    });
    const { running } = await local.deploy(good, signal);
    expect(running).toMatchObject({ image: good.image, modelDigest: good.model.digest });
    expect(await answer(running)).toEqual([1, -2]);
  });

  test("without an engine the error says what docker said", async () => {
    const platform = dockerPlatform(
      {},
      { slot: "test", env: { ...engine.env, DOCKER_HOST: "unix:///nonexistent.sock" } },
    );
    const error = await failure(platform.current(signal));
    expect((error as WorldError).problem).toMatchObject({
      code: "platform.unavailable",
      message: expect.stringContaining("nonexistent.sock"),
    });
  });
});

/** The runtime with a preprocessing that never finishes loading: the container runs, and is never ready. */
async function sleeping() {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-sleeping-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "preprocess.mjs"), "setInterval(() => {}, 1000); await new Promise(() => {});");
  return tinyRuntime(folder);
}
