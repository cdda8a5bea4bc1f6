import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hex, short } from "../../../domain/digest.ts";
import { formatImage, type Image } from "../../../domain/image.ts";
import { WorldError } from "../../../domain/problem.ts";
import type { OpenStore } from "../../oci/store.ts";
import { lastLines, writeWhole } from "../../system/files.ts";
import { detachedWith, isAlive, type ProcessIdentity, startDetached, terminate } from "../../system/processes.ts";
import { waitUntilReady } from "../shared/readiness.ts";
import { startOf } from "./unpack.ts";

export interface LocalContext {
  /** Folder of this slot: state, logs, unpacked images. */
  folder: string;
  openStore: OpenStore;
  /** Search path for the process; it gets nothing else of our environment. */
  searchPath: string;
}

/** What is started: an unpacked image, and how it is asked whether it is ready. */
export interface Served {
  image: Image;
  model: { name: string };
  protocol: string;
}

export interface Started {
  process: ProcessIdentity;
  url: string;
}

const graceMilliseconds = 10_000;

/** The processes of one slot: started from unpacked images, and found again when whoever started them was killed. */
export function slotProcesses(context: LocalContext, readyWithin: number) {
  const path = (...parts: string[]) => join(context.folder, ...parts);
  const rootOf = (image: Image): string => path("images", hex(image.digest));
  const mark = { MODELGATE_SLOT: context.folder };
  const stop = (identity: ProcessIdentity): Promise<void> => terminate(identity, graceMilliseconds);

  /** The address the process printed, once it answers there. */
  async function untilReady(served: Served, identity: ProcessIdentity, log: string, signal: AbortSignal) {
    const waited = await waitUntilReady(served, {
      milliseconds: readyWithin,
      async address() {
        const ports = (await lastLines(log, 200)).map((line) => /"listening":(\d+)/.exec(line)?.[1]);
        const port = ports.find((found) => found !== undefined);
        return port === undefined ? null : `http://127.0.0.1:${port}`;
      },
      gone: async () => ((await isAlive(identity)) ? null : "its process ended"),
      signal,
    });
    if (waited.ready) return waited.url;
    const ended = !(await isAlive(identity));
    const lines = (await lastLines(log, 10)).join("\n");
    throw new WorldError(
      {
        code: ended ? "platform.exited" : "platform.not-ready",
        message: `${formatImage(served.image)} did not get ready: ${waited.why}. Its last lines:\n${lines || "(it printed nothing)"}`,
        hint: `The whole log is ${log}. What ran before still runs.`,
      },
      { side: "local platform", during: "starting the release", retryable: false },
    );
  }

  return {
    rootOf,
    stop,
    /**
     * Starts an unpacked image on a port (0: any free one) and waits until it is ready; ends it when it does not get ready.
     * @throws WorldError `platform.exited`, `platform.not-ready`.
     */
    async start(served: Served, port: number, signal: AbortSignal): Promise<Started> {
      const { entrypoint, env } = await startOf(context.openStore(served.image.repository), served.image, signal);
      const [command = "", ...words] = entrypoint;
      const log = path(`${short(served.image.digest)}.log`);
      await rm(log, { force: true });
      const given = { PATH: context.searchPath, TMPDIR: tmpdir(), HOST: "127.0.0.1", PORT: String(port), ...mark };
      const identity = await startDetached(command === "node" ? process.execPath : command, words, {
        cwd: rootOf(served.image),
        env: { ...env, ...given },
        log,
      });
      try {
        await writeWhole(path("starting.json"), JSON.stringify(identity));
        return { process: identity, url: await untilReady(served, identity, log, signal) };
      } catch (error) {
        await stop(identity);
        throw error;
      }
    },
    /**
     * Ends what a killed deployment left behind, all but one process. Linux finds it by the slot's mark in its environment;
     * elsewhere by the file that names it from the moment it runs.
     */
    async endOthers(keep: ProcessIdentity | null): Promise<void> {
      const text = await readFile(path("starting.json"), "utf8").catch(() => null);
      const named = text === null ? [] : [JSON.parse(text) as ProcessIdentity];
      for (const identity of [...(await detachedWith(`MODELGATE_SLOT=${mark.MODELGATE_SLOT}`)), ...named])
        if (identity.pid !== keep?.pid || identity.started !== keep.started) await stop(identity);
      await rm(path("starting.json"), { force: true });
    },
    prepare: () => mkdir(path("images"), { recursive: true }),
  };
}
