import { get } from "node:http";
import { readyPaths } from "../../../domain/ready-paths.ts";
import { pause } from "../../system/clock.ts";
import { grpcReady } from "../../system/grpc.ts";

const oneRequest = 5_000;
const first = 50;
const longest = 2_000;

const status = (url: string, signal: AbortSignal): Promise<number | null> =>
  new Promise((resolve) => {
    const request = get(
      url,
      { signal: AbortSignal.any([signal, AbortSignal.timeout(oneRequest)]), agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? null);
      },
    );
    request.on("error", () => resolve(null));
  });

/** Who is asked: a release, or what is kept of one. */
export interface Asked {
  protocol: string;
  model: { name: string };
  readyPath?: string;
}

/** Whether an endpoint says now that the release is ready, on the first of its paths that exists. */
export async function isReady(
  { protocol, model, readyPath }: Asked,
  url: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (protocol === "v2-grpc") return grpcReady(url, AbortSignal.any([signal, AbortSignal.timeout(oneRequest)]));
  for (const path of readyPath === undefined ? readyPaths(protocol, model.name) : [readyPath]) {
    const said = await status(`${url}${path}`, signal);
    if (said !== 404) return said === 200;
  }
  return false;
}

/** How long a new release may take, as long as its process lives: large models load for minutes. */
export const readyWithinDefault = 600_000;

export type Waited = { ready: true; url: string } | { ready: false; why: string };

/** Asks a new endpoint until it is ready, its process is gone, or the time ran out. */
export async function waitUntilReady(
  release: Asked,
  options: {
    milliseconds: number;
    /** The endpoint's address; null while it is not known. */
    address: () => Promise<string | null>;
    /** Why the process will never be ready; null while it may be. */
    gone: () => Promise<string | null>;
    signal: AbortSignal;
  },
): Promise<Waited> {
  const deadline = performance.now() + options.milliseconds;
  for (let delay = first; ; delay = Math.min(longest, delay * 1.5)) {
    options.signal.throwIfAborted();
    const url = await options.address();
    if (url !== null && (await isReady(release, url, options.signal))) return { ready: true, url };
    const gone = await options.gone();
    if (gone !== null) return { ready: false, why: gone };
    if (performance.now() > deadline)
      return { ready: false, why: `it was not ready after ${options.milliseconds / 1000} s` };
    await pause(delay, options.signal);
  }
}
