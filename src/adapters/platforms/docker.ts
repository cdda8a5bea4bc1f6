import { canonicalJson, type Json } from "../../domain/canonical.ts";
import { parseDigest, sha256, short } from "../../domain/digest.ts";
import { formatImage, parseImage } from "../../domain/image.ts";
import { WorldError } from "../../domain/problem.ts";
import { modelFolderOf, type Release, type Running } from "../../domain/release.ts";
import type { Platform } from "../../ports/platform.ts";
import { type Container, dockerEngine } from "./docker/engine.ts";
import { modelDigestIn } from "./docker/read-model.ts";
import { type ContainerSettings, secretsOf, settingWords } from "./docker/settings.ts";
import { vitalsOf } from "./docker/vitals.ts";
import { isReady, readyWithinDefault, waitUntilReady } from "./shared/readiness.ts";

export interface DockerOptions extends ContainerSettings {
  port?: number | undefined;
  host?: string | undefined;
  /** Milliseconds. */
  readyWithin?: number | undefined;
}

export interface DockerContext {
  /** Names the slot: letters, digits, dots, dashes. */
  slot: string;
  /** The environment of the docker command. */
  env: Record<string, string>;
}

const label = {
  slot: "dev.modelgate.slot",
  image: "dev.modelgate.image",
  model: "dev.modelgate.model",
  folder: "dev.modelgate.model-folder",
  protocol: "dev.modelgate.protocol",
  port: "dev.modelgate.port",
  options: "dev.modelgate.options",
  generation: "dev.modelgate.generation",
};

const labelOf = (container: Container, name: keyof typeof label): string => container.Config.Labels[label[name]] ?? "";
/** Containers of earlier versions do not say it. */
const folderOf = (container: Container): string =>
  labelOf(container, "folder") || `models/${labelOf(container, "model")}`;
const generationOf = (container: Container): number => Number(labelOf(container, "generation"));

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** Where a container's port is published; null while it is not. An address of all interfaces is asked on the loopback one. */
function urlOf(container: Container): string | null {
  const published = container.NetworkSettings.Ports?.[`${labelOf(container, "port")}/tcp`]?.[0];
  if (!published) return null;
  const host = ["", "0.0.0.0", "::"].includes(published.HostIp) ? "127.0.0.1" : published.HostIp;
  return `http://${bracketed(host)}:${published.HostPort}`;
}

/** Runs releases as containers of the engine the docker command talks to. */
export function dockerPlatform(options: DockerOptions, context: DockerContext): Platform {
  const engine = dockerEngine(context.env);
  const { readyWithin = readyWithinDefault, host = "127.0.0.1", port, ...settings } = options;
  const optionsDigest = sha256(canonicalJson({ host, port, ...settings } as Json));

  async function runningOf(container: Container, signal: AbortSignal): Promise<Running> {
    const wanted = parseImage(labelOf(container, "image"));
    const known = await engine.digestsOf(container.Image, signal);
    // The engine's word counts, not the label: an image it knows under another digest, or under none, is not the release's.
    const found = known.find((reference) => reference.endsWith(wanted.digest)) ?? known[0] ?? `@${container.Image}`;
    const digest = parseDigest(found.slice(found.indexOf("@") + 1));
    return {
      image: { repository: wanted.repository, digest },
      modelDigest: await modelDigestIn(container.Id, folderOf(container), { env: context.env, signal }),
      endpoint: { url: urlOf(container) ?? "", protocol: labelOf(container, "protocol") },
    };
  }

  /** Containers of this slot, oldest first. */
  const ours = async (signal?: AbortSignal): Promise<Container[]> =>
    (await engine.containers(`${label.slot}=${context.slot}`, signal)).sort(
      (a, b) => generationOf(a) - generationOf(b),
    );

  /**
   * What serves: the oldest that runs. A newer one beside it has not taken over yet, since taking over ends with the removal of
   * the older; so a deployment killed anywhere leaves an answer, and the next one clears up.
   */
  const live = async (signal: AbortSignal): Promise<Container | null> =>
    (await ours(signal)).find((container) => container.State.Running) ?? null;

  const remove = async (containers: readonly Container[]): Promise<void> => {
    if (containers.length === 0) return;
    const ids = containers.map(({ Id }) => Id);
    await engine.docker("stopping the old container", ["stop", "-t", "20", ...ids]);
    await engine.docker("removing the old container", ["rm", "--force", ...ids]);
  };

  function wordsFor(release: Release, at: { port: number | undefined; generation: number; user: string }): string[] {
    const labels = {
      [label.slot]: context.slot,
      [label.image]: formatImage(release.image),
      [label.model]: release.model.name,
      [label.folder]: modelFolderOf(release),
      [label.protocol]: release.protocol,
      [label.port]: String(release.port),
      [label.options]: optionsDigest,
      [label.generation]: String(at.generation),
    };
    return [
      ...["--name", `modelgate-${context.slot}-${short(release.image.digest)}-${at.generation}`],
      ...["--publish", `${bracketed(host)}:${at.port ?? ""}:${release.port}`, "--restart", "no"],
      ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
      ...settingWords(settings, at.user),
    ];
  }

  const notReady = (release: Release, why: string, lines: string): WorldError =>
    new WorldError(
      {
        code: why.startsWith("its process ended") ? "platform.exited" : "platform.not-ready",
        message: `${formatImage(release.image)} did not get ready: ${why}. Its last lines:\n${lines}`,
        hint: "What ran before still runs. For an engine on another machine, set host to an address of it that this machine reaches.",
      },
      { side: "docker engine", during: "starting the release", retryable: false },
    );

  async function untilReady(release: Release, id: string, signal: AbortSignal): Promise<Container> {
    const inspect = async (): Promise<Container | undefined> => (await ours(signal)).find(({ Id }) => Id === id);
    const waited = await waitUntilReady(release, {
      milliseconds: readyWithin,
      async address() {
        const container = await inspect();
        return container ? urlOf(container) : null;
      },
      async gone() {
        const container = await inspect();
        if (!container) return "its container was removed";
        const ended = !container.State.Running;
        return ended
          ? `its process ended with exit code ${container.State.ExitCode} ${container.State.Error}`.trim()
          : null;
      },
      signal,
    });
    const container = waited.ready ? await inspect() : undefined;
    if (container) return container;
    throw notReady(release, waited.ready ? "its container was removed" : waited.why, await engine.lastLines(id));
  }

  /** Restarts are for containers that were ready once: one that never was must end, and say why. */
  const keepAlive = (id: string): Promise<string> =>
    engine.docker("setting the restart policy", ["update", "--restart", settings.restart ?? "unless-stopped", id]);

  /** Starts a container and waits until it is ready; removes it when it does not get ready. */
  async function start(release: Release, words: readonly string[], signal: AbortSignal): Promise<Container> {
    const create = ["create", ...words, formatImage(release.image)];
    const id = await dockerEngine({ ...context.env, ...secretsOf(settings, context.env) }).docker(
      "creating the container",
      create,
    );
    try {
      await engine.docker("starting the container", ["start", id], signal);
      const container = await untilReady(release, id, signal);
      await keepAlive(id);
      return container;
    } catch (error) {
      await engine.docker("removing the container that failed", ["rm", "--force", id]);
      throw error;
    }
  }

  /** A fixed port has room for one: the new release proves itself on another port before the old one makes way. */
  async function startInPlace(
    release: Release,
    old: Container,
    words: (port?: number) => string[],
    signal: AbortSignal,
  ) {
    await remove([await start(release, words(), signal)]);
    await engine.docker("stopping the old container", ["stop", "-t", "20", old.Id]);
    try {
      return await start(release, words(port), signal);
    } catch (error) {
      await engine.docker("starting the old container again", ["start", old.Id]);
      throw error;
    }
  }

  /** Whether what serves is the release, ready, and was started with these options. */
  async function isAsWanted(release: Release, serving: Container, running: Running, signal: AbortSignal) {
    const same = running.image.digest === release.image.digest && running.modelDigest === release.model.digest;
    const { url } = running.endpoint;
    return same && labelOf(serving, "options") === optionsDigest && url !== "" && (await isReady(release, url, signal));
  }

  return {
    kind: "docker",
    async current(signal) {
      const container = await live(signal);
      return container && runningOf(container, signal);
    },
    async deploy(release, signal) {
      const serving = await live(signal);
      await remove((await ours(signal)).filter(({ Id }) => Id !== serving?.Id));
      const replaced = serving && (await runningOf(serving, signal));
      if (replaced && (await isAsWanted(release, serving, replaced, signal))) {
        await keepAlive(serving.Id);
        return { running: replaced, replaced, interruption: "" };
      }
      const user = await engine.pull(release.image, signal);
      const generation = (serving ? generationOf(serving) : 0) + 1;
      const words = (at?: number): string[] => wordsFor(release, { port: at, generation, user });
      const portIsTaken = replaced !== null && replaced.endpoint.url.endsWith(`:${port}`);
      const started = portIsTaken
        ? await startInPlace(release, serving!, words, signal)
        : await start(release, words(port), signal);
      if (serving) await remove([serving]);
      const running = await runningOf(started, signal);
      return { running, replaced, interruption: interruptionOf(replaced, running) };
    },
    async vitals(signal) {
      const container = await live(signal);
      return container && vitalsOf(engine, container, signal);
    },
    async remove() {
      await remove(await ours());
    },
  };
}

function interruptionOf(replaced: Running | null, running: Running): string {
  if (!replaced) return "";
  const [from, to] = [replaced.endpoint.url, running.endpoint.url];
  return from === to
    ? `${from} was closed while the container was replaced.`
    : `The address changed from ${from} to ${to}; clients that keep the old one lose it.`;
}
