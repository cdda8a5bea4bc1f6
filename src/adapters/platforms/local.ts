import { createReadStream } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type Digest, hex } from "../../domain/digest.ts";
import { formatImage, parseImage } from "../../domain/image.ts";
import type { Release, Running } from "../../domain/release.ts";
import type { Platform } from "../../ports/platform.ts";
import { writeWhole } from "../system/files.ts";
import { isAlive, type ProcessIdentity, residentBytes } from "../system/processes.ts";
import { type LocalContext, type Served, type Started, slotProcesses } from "./local/processes.ts";
import { unpackImage } from "./local/unpack.ts";
import { modelHasher } from "./shared/model-files.ts";
import { isReady, readyWithinDefault } from "./shared/readiness.ts";

export interface LocalOptions {
  port?: number | undefined;
  /** Milliseconds. */
  readyWithin?: number | undefined;
}

/** What state.json keeps of what serves. */
interface State {
  image: string;
  modelName: string;
  protocol: string;
  url: string;
  process: ProcessIdentity;
}

const servedOf = ({ image, modelName, protocol }: State): Served => ({
  image: parseImage(image),
  model: { name: modelName },
  protocol,
});

const stateOf = ({ image, model, protocol }: Served, started: Started): State => ({
  image: formatImage(image),
  modelName: model.name,
  protocol,
  ...started,
});

/** The digest over a model's files as they are on disk now; that of no files when there are none. */
async function digestIn(folder: string): Promise<Digest> {
  const hash = modelHasher();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((found) => found.isFile())) {
    const file = join(entry.parentPath, entry.name);
    await hash.add(relative(folder, file).split(sep).join("/"), createReadStream(file, { highWaterMark: 2 ** 20 }));
  }
  return hash.digest();
}

/**
 * Runs releases as processes of this machine on 127.0.0.1, from the image's own unpacked layers, on the Node that runs
 * modelgate. No Docker. For trying, tests and small jobs.
 */
export function localPlatform(options: LocalOptions, context: LocalContext): Platform {
  const processes = slotProcesses(context, options.readyWithin ?? readyWithinDefault);
  const stateFile = join(context.folder, "state.json");
  const modelFolder = ({ image, model }: Served): string => join(processes.rootOf(image), "models", model.name);

  async function readState(): Promise<State | null> {
    const text = await readFile(stateFile, "utf8").catch(() => null);
    return text === null ? null : (JSON.parse(text) as State);
  }

  const runningOf = async (state: State): Promise<Running> => ({
    image: parseImage(state.image),
    modelDigest: await digestIn(modelFolder(servedOf(state))),
    endpoint: { url: state.url, protocol: state.protocol },
  });

  async function current(): Promise<Running | null> {
    const state = await readState();
    return state && (await isAlive(state.process)) ? runningOf(state) : null;
  }

  /** Unpacks the image, unless its files are there and are what they should be: changed bytes are not run again. */
  async function unpack(release: Release, signal: AbortSignal): Promise<void> {
    await processes.prepare();
    if ((await digestIn(modelFolder(release))) === release.model.digest) return;
    const root = processes.rootOf(release.image);
    await rm(root, { recursive: true, force: true });
    await unpackImage(context.openStore(release.image.repository), release.image, root, signal);
  }

  /** A fixed port has room for one: the new release proves itself on another port before the old one makes way. */
  async function startInPlace(release: Release, old: State, signal: AbortSignal): Promise<Started> {
    const trial = await processes.start(release, 0, signal);
    await processes.stop(trial.process);
    await processes.stop(old.process);
    try {
      return await processes.start(release, options.port!, signal);
    } catch (error) {
      const again = await processes.start(servedOf(old), options.port!, AbortSignal.timeout(60_000));
      await writeWhole(stateFile, JSON.stringify(stateOf(servedOf(old), again)));
      throw error;
    }
  }

  /** Images that nothing runs any more; the registry still has them. */
  async function sweep(keep: string | null): Promise<void> {
    const folder = join(context.folder, "images");
    for (const name of await readdir(folder).catch(() => []))
      if (name !== keep) await rm(join(folder, name), { recursive: true, force: true });
  }

  /** Whether what runs is the release, ready, and where the options want it. */
  async function isAsWanted(release: Release, running: Running, signal: AbortSignal): Promise<boolean> {
    const { image, modelDigest, endpoint } = running;
    const same = image.digest === release.image.digest && modelDigest === release.model.digest;
    const inPlace = options.port === undefined || endpoint.url.endsWith(`:${options.port}`);
    return same && inPlace && (await isReady(release, endpoint.url, signal));
  }

  return {
    kind: "local",
    current,
    async deploy(release, signal) {
      const old = await readState();
      await processes.endOthers(old?.process ?? null);
      const replaced = await current();
      if (replaced && (await isAsWanted(release, replaced, signal)))
        return { running: replaced, replaced, interruption: "" };
      await unpack(release, signal);
      const portIsTaken = replaced !== null && replaced.endpoint.url.endsWith(`:${options.port}`);
      const started = portIsTaken
        ? await startInPlace(release, old!, signal)
        : await processes.start(release, options.port ?? 0, signal);
      const next = stateOf(release, started);
      await writeWhole(stateFile, JSON.stringify(next));
      if (old) await processes.stop(old.process);
      await processes.endOthers(next.process);
      await sweep(hex(release.image.digest));
      return { running: await runningOf(next), replaced, interruption: interruptionOf(replaced, next) };
    },
    async vitals() {
      const state = await readState();
      if (!state || !(await isAlive(state.process))) return null;
      // Nothing starts a process again here: the one that runs is the one that was deployed.
      return { restarts: 0, memoryBytes: await residentBytes(state.process) };
    },
    async remove() {
      const state = await readState();
      await processes.endOthers(null);
      if (state) await processes.stop(state.process);
      await rm(stateFile, { force: true });
      await sweep(null);
    },
  };
}

function interruptionOf(replaced: Running | null, next: State): string {
  if (!replaced) return "";
  const { url } = replaced.endpoint;
  return url === next.url
    ? `${url} was closed while the release was replaced.`
    : `The address changed from ${url} to ${next.url}; clients that keep the old one lose it.`;
}
