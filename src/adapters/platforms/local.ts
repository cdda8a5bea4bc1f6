import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { hex } from "../../domain/digest.ts";
import { formatImage, type Image, parseImage } from "../../domain/image.ts";
import { WorldError } from "../../domain/problem.ts";
import type { Release, Running } from "../../domain/release.ts";
import type { Platform } from "../../ports/platform.ts";
import type { OpenStore } from "../oci/store.ts";
import { lastLines, writeWhole } from "../system/files.ts";
import { isAlive, type ProcessIdentity, startDetached, terminate } from "../system/processes.ts";
import { startOf, unpackImage } from "./local/unpack.ts";
import { modelHasher } from "./shared/model-files.ts";
import { waitUntilReady } from "./shared/readiness.ts";

export interface LocalContext {
  /** Folder of this slot: state, logs, unpacked images. */
  folder: string;
  openStore: OpenStore;
  /** Search path for the process; it gets nothing else of our environment. */
  searchPath: string;
}

export interface LocalOptions {
  port?: number | undefined;
  readyWithin?: number | undefined;
}

interface State {
  image: string;
  modelName: string;
  protocol: string;
  url: string;
  process: ProcessIdentity;
}

const graceMilliseconds = 10_000;
const defaultReady = 120_000;

/**
 * Runs releases as processes of this machine on 127.0.0.1, from the image's own unpacked layers. No Docker. For trying,
 * tests and small jobs.
 */
export function localPlatform(options: LocalOptions, context: LocalContext): Platform {
  const path = (...parts: string[]) => join(context.folder, ...parts);
  const rootOf = (image: Image) => path("images", hex(image.digest));

  async function readState(name: string): Promise<State | null> {
    const text = await readFile(path(name), "utf8").catch(() => null);
    return text === null ? null : (JSON.parse(text) as State);
  }

  async function runningOf(state: State): Promise<Running> {
    const image = parseImage(state.image);
    const folder = join(rootOf(image), "models", state.modelName);
    const hash = modelHasher();
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((found) => found.isFile())) {
      const file = join(entry.parentPath, entry.name);
      await hash.add(relative(folder, file).split(sep).join("/"), createReadStream(file, { highWaterMark: 2 ** 20 }));
    }
    return { image, modelDigest: hash.digest(), endpoint: { url: state.url, protocol: state.protocol } };
  }

  async function current(): Promise<Running | null> {
    const state = await readState("state.json");
    return state && (await isAlive(state.process)) ? runningOf(state) : null;
  }

  /** Ends a process that a killed deployment left behind: it is named in a file of its own from the moment it exists. */
  async function clearStarting(keep: ProcessIdentity | null): Promise<void> {
    const left = await readState("starting.json");
    if (left && (left.process.pid !== keep?.pid || left.process.started !== keep.started))
      await terminate(left.process, graceMilliseconds);
    await rm(path("starting.json"), { force: true });
  }

  async function start(release: Release, port: number, signal: AbortSignal): Promise<State> {
    const store = context.openStore(release.image.repository);
    const root = rootOf(release.image);
    await mkdir(path("images"), { recursive: true });
    await unpackImage(store, release, root, signal);
    const { entrypoint, env } = await startOf(store, release, signal);
    const [command = "", ...words] = entrypoint;
    const log = path(`${hex(release.image.digest).slice(0, 12)}.log`);
    await rm(log, { force: true });
    const identity = await startDetached(command === "node" ? process.execPath : command, words, {
      cwd: root,
      env: { ...env, PATH: context.searchPath, TMPDIR: tmpdir(), HOST: "127.0.0.1", PORT: String(port) },
      log,
    });
    const state: State = {
      image: formatImage(release.image),
      modelName: release.model.name,
      protocol: release.protocol,
      url: "",
      process: identity,
    };
    await writeWhole(path("starting.json"), JSON.stringify(state));
    return { ...state, url: await untilReady(release, identity, log, signal) };
  }

  /** The address the process printed, once it answers there. */
  async function untilReady(
    release: Release,
    identity: ProcessIdentity,
    log: string,
    signal: AbortSignal,
  ): Promise<string> {
    const waited = await waitUntilReady(release, {
      milliseconds: options.readyWithin ?? defaultReady,
      async address() {
        const port = (await lastLines(log, 200))
          .map((line) => /"listening":(\d+)/.exec(line)?.[1])
          .find((found) => found !== undefined);
        return port === undefined ? null : `http://127.0.0.1:${port}`;
      },
      gone: async () => ((await isAlive(identity)) ? null : "its process ended"),
      signal,
    }).catch(async (error: unknown) => {
      await terminate(identity, graceMilliseconds);
      throw error;
    });
    if (waited.ready) return waited.url;
    const ended = !(await isAlive(identity));
    await terminate(identity, graceMilliseconds);
    const lines = (await lastLines(log, 10)).join("\n");
    throw new WorldError(
      {
        code: ended ? "platform.exited" : "platform.not-ready",
        message: `${formatImage(release.image)} did not get ready: ${waited.why}. Its last lines:\n${lines || "(it printed nothing)"}`,
        hint: `The whole log is ${log}. What ran before still runs.`,
      },
      { side: "local platform", during: "starting the release", retryable: false },
    );
  }

  /** A fixed port has room for one: the new release proves itself on another port before the old one makes way. */
  async function rehearse(release: Release, signal: AbortSignal): Promise<void> {
    const trial = await start(release, 0, signal);
    await terminate(trial.process, graceMilliseconds);
  }

  return {
    kind: "local",
    current,
    async deploy(release, signal) {
      const state = await readState("state.json");
      await clearStarting(state?.process ?? null);
      const replaced = await current();
      if (replaced && replaced.image.digest === release.image.digest && replaced.modelDigest === release.model.digest)
        return { running: replaced, replaced, interruption: "" };
      const gap = options.port !== undefined && replaced !== null;
      // Bytes that were changed on disk are not run again.
      if (replaced?.image.digest === release.image.digest)
        await rm(rootOf(release.image), { recursive: true, force: true });
      if (gap) {
        await rehearse(release, signal);
        await terminate(state!.process, graceMilliseconds);
      }
      const next = await start(release, options.port ?? 0, signal);
      await writeWhole(path("state.json"), JSON.stringify(next));
      await rm(path("starting.json"), { force: true });
      if (state) await terminate(state.process, graceMilliseconds);
      const interruption = !replaced
        ? ""
        : gap
          ? `Port ${options.port} was closed while the release was replaced.`
          : `The address changed from ${replaced.endpoint.url} to ${next.url}; clients that keep the old one lose it.`;
      return { running: await runningOf(next), replaced, interruption };
    },
    async remove() {
      const state = await readState("state.json");
      await clearStarting(null);
      if (state) await terminate(state.process, graceMilliseconds);
      await rm(path("state.json"), { force: true });
    },
  };
}
