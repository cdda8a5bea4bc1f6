import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import type { Digest } from "../../../domain/digest.ts";
import { streamCommand } from "../../system/processes.ts";
import { modelHasher } from "../shared/model-files.ts";
import { failed } from "./engine.ts";

/**
 * The digest over a model's bytes as a container has them now: streamed out as a tar and hashed.
 * @param folder where they are in the image, without a leading slash.
 * @throws WorldError `platform.unavailable` when docker does not hand them out.
 */
export async function modelDigestIn(
  container: string,
  folder: string,
  options: { env: Record<string, string>; signal: AbortSignal },
): Promise<Digest> {
  const { stdout, ended } = streamCommand(
    "docker",
    ["cp", `${container}:/${folder}`, "-"],
    options.env,
    options.signal,
  );
  const hash = modelHasher();
  const entries = extract();
  const reading = (async () => {
    for await (const entry of entries) {
      // Names in the archive begin with the folder that was asked for.
      const path = entry.header.name.split("/").slice(1).join("/");
      if (entry.header.type === "file") await hash.add(path, entry as AsyncIterable<Buffer>);
      else entry.resume();
    }
  })();
  const [read] = await Promise.allSettled([reading, pipeline(stdout, entries)]);
  const { exitCode, stderr } = await ended;
  options.signal.throwIfAborted();
  if (exitCode !== 0) throw failed("reading the model's bytes out of the container", stderr);
  if (read.status === "rejected") throw read.reason;
  return hash.digest();
}
