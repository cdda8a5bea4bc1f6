import { extract } from "tar-stream";
import { short } from "../../domain/digest.ts";
import { formatImage, parseImage } from "../../domain/image.ts";
import { WorldError } from "../../domain/problem.ts";
import type { Release, Running } from "../../domain/release.ts";
import type { Platform } from "../../ports/platform.ts";
import { streamCommand } from "../system/processes.ts";
import { type Container, dockerEngine } from "./docker/engine.ts";
import { modelHasher } from "./shared/model-files.ts";
import { waitUntilReady } from "./shared/readiness.ts";

export interface DockerOptions {
  port?: number | undefined;
  host?: string | undefined;
  memory?: string | undefined;
  gpus?: string | undefined;
  env?: Record<string, string> | undefined;
  readyWithin?: number | undefined;
}

export interface DockerContext {
  /** Names the slot: letters, digits, dots, dashes. */
  slot: string;
  /** The environment of the docker command. */
  env: Record<string, string>;
}

const defaultReady = 120_000;
const label = {
  slot: "dev.modelgate.slot",
  image: "dev.modelgate.image",
  model: "dev.modelgate.model",
  protocol: "dev.modelgate.protocol",
  port: "dev.modelgate.port",
  generation: "dev.modelgate.generation",
};

/** Containers run without root, on a read-only root file system, without capabilities, and cannot gain any. */
const confinement = [
  "--user",
  "65532:65532",
  "--read-only",
  "--tmpfs",
  "/tmp",
  "--cap-drop",
  "ALL",
  "--security-opt",
  "no-new-privileges",
];

/** Runs releases as containers of the engine the docker command talks to. */
export function dockerPlatform(options: DockerOptions, context: DockerContext): Platform {
  const engine = dockerEngine(context.env);
  const host = options.host ?? "127.0.0.1";

  const urlOf = (container: Container): string | null => {
    const published = container.NetworkSettings.Ports[`${container.Config.Labels[label.port]}/tcp`]?.[0];
    if (!published) return null;
    return `http://${published.HostIp === "0.0.0.0" || published.HostIp === "" ? "127.0.0.1" : published.HostIp}:${published.HostPort}`;
  };

  /** The model's bytes as the container has them, streamed out as a tar and hashed. */
  async function modelDigest(container: Container, signal: AbortSignal): Promise<Running["modelDigest"]> {
    const { stdout, ended } = streamCommand(
      "docker",
      ["cp", `${container.Id}:/models/${container.Config.Labels[label.model]}`, "-"],
      context.env,
      signal,
    );
    const hash = modelHasher();
    const entries = stdout.pipe(extract());
    for await (const entry of entries) {
      const path = entry.header.name.split("/").slice(1).join("/");
      if (entry.header.type === "file") await hash.add(path, entry as AsyncIterable<Buffer>);
      entry.resume();
    }
    if ((await ended) !== 0)
      throw new WorldError(
        {
          code: "platform.unavailable",
          message: "docker could not read the model out of the container",
          hint: "Look at docker ps and the engine's log.",
        },
        { side: "docker engine", during: "reading the model's bytes", retryable: true },
      );
    return hash.digest();
  }

  async function runningOf(container: Container, signal: AbortSignal): Promise<Running> {
    const wanted = parseImage(container.Config.Labels[label.image] ?? "");
    const digests = await engine.digestsOf(container.Image);
    // The engine's word counts, not the label: an image it knows under another digest is not ours.
    const known = digests.find((reference) => reference.endsWith(wanted.digest)) ?? digests[0];
    const digest =
      known === undefined ? wanted.digest : parseImage(`${wanted.repository}@${known.split("@")[1]}`).digest;
    return {
      image: { repository: wanted.repository, digest },
      modelDigest: await modelDigest(container, signal),
      endpoint: { url: urlOf(container) ?? "", protocol: container.Config.Labels[label.protocol] ?? "" },
    };
  }

  const generation = (container: Container): number => Number(container.Config.Labels[label.generation] ?? 0);

  /** Containers of this slot, oldest first. */
  const ours = async (): Promise<Container[]> =>
    (await engine.containers(`${label.slot}=${context.slot}`)).sort((a, b) => generation(a) - generation(b));

  /**
   * What serves: the oldest that runs. A newer one beside it has not taken over yet, since taking over ends with the removal of
   * the older; so a deployment killed anywhere leaves an answer, and the next one clears up.
   */
  const live = async (): Promise<Container | null> =>
    (await ours()).find((container) => container.State.Running) ?? null;

  async function run(release: Release, port: number | null, next: number): Promise<string> {
    const labels = {
      [label.slot]: context.slot,
      [label.image]: formatImage(release.image),
      [label.model]: release.model.name,
      [label.protocol]: release.protocol,
      [label.port]: String(release.port),
      [label.generation]: String(next),
    };
    const words = [
      ...Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
      ...[
        "--name",
        `modelgate-${context.slot}-${short(release.image.digest)}-${next}`,
        "--publish",
        `${host}:${port ?? ""}:${release.port}`,
        "--restart",
        "unless-stopped",
      ],
      ...confinement,
      ...(options.memory ? ["--memory", options.memory] : []),
      ...(options.gpus ? ["--gpus", options.gpus] : []),
      ...Object.entries(options.env ?? {}).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ];
    return engine.docker("starting the container", "run", "--detach", ...words, formatImage(release.image));
  }

  async function untilReady(release: Release, id: string, signal: AbortSignal): Promise<Container> {
    const inspect = async (): Promise<Container | undefined> => (await ours()).find((container) => container.Id === id);
    const waited = await waitUntilReady(release, {
      milliseconds: options.readyWithin ?? defaultReady,
      address: async () => {
        const container = await inspect();
        return container ? urlOf(container) : null;
      },
      gone: async () => {
        const container = await inspect();
        if (!container) return "its container was removed";
        return container.RestartCount > 0 || !container.State.Running
          ? `its process ended with exit code ${container.State.ExitCode} ${container.State.Error}`.trim()
          : null;
      },
      signal,
    });
    if (waited.ready) return (await inspect())!;
    const lines = await engine.lastLines(id);
    await engine.docker("removing the container that failed", "rm", "--force", id);
    throw new WorldError(
      {
        code: waited.why.startsWith("its process ended") ? "platform.exited" : "platform.not-ready",
        message: `${formatImage(release.image)} did not get ready: ${waited.why}. Its last lines:\n${lines}`,
        hint: "What ran before still runs.",
      },
      { side: "docker engine", during: "starting the release", retryable: false },
    );
  }

  const removeAll = async (containers: readonly Container[]): Promise<void> => {
    for (const { Id } of containers)
      await engine.docker("stopping the old container", "stop", "--time", "20", Id).catch(() => "");
    if (containers.length > 0)
      await engine.docker("removing the old container", "rm", "--force", ...containers.map(({ Id }) => Id));
  };

  return {
    kind: "docker",
    async current(signal) {
      const container = await live();
      return container && runningOf(container, signal);
    },
    async deploy(release, signal) {
      const serving = await live();
      await removeAll((await ours()).filter(({ Id }) => Id !== serving?.Id));
      const replaced = serving && (await runningOf(serving, signal));
      if (replaced && replaced.image.digest === release.image.digest && replaced.modelDigest === release.model.digest) {
        await untilReady(release, serving.Id, signal);
        return { running: replaced, replaced, interruption: "" };
      }
      await engine.pull(release);
      const next = (serving ? generation(serving) : 0) + 1;
      const gap = options.port !== undefined && serving !== null;
      if (gap) {
        // A fixed port has room for one: the new release proves itself on another port before the old one makes way.
        const trial = await untilReady(release, await run(release, null, next), signal);
        await removeAll([trial]);
        await removeAll([serving]);
      }
      const started = await untilReady(release, await run(release, options.port ?? null, next), signal);
      if (serving && !gap) await removeAll([serving]);
      const running = await runningOf(started, signal);
      const interruption = !replaced
        ? ""
        : gap
          ? `Port ${options.port} was closed while the container was replaced.`
          : `The address changed from ${replaced.endpoint.url} to ${running.endpoint.url}; clients that keep the old one lose it.`;
      return { running, replaced, interruption };
    },
    async remove() {
      await removeAll(await ours());
    },
  };
}
