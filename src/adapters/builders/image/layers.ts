import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { hasher } from "../../../domain/digest.ts";
import type { Model } from "../../../domain/model.ts";
import { UserError } from "../../../domain/problem.ts";
import type { ModelBytes } from "../../../ports/model-source.ts";
import type { RuntimeFolder } from "../../../ports/runtime.ts";
import { type TarFile, tarOf } from "../../oci/tar.ts";

/** A layer before it is sent. The annotations tell the next build what is in it. */
export interface Layer {
  size: number;
  annotations: Record<string, string>;
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Files of this size and more get a layer each, so that one changed shard is one sent layer. */
const ownLayerBytes = 16 * 2 ** 20;
/** Overlay file systems stop at about 125 layers; the base has some of its own. */
const mostLayers = 64;

/** A folder of the runtime as one layer. */
export async function runtimeLayer({ from, to }: RuntimeFolder): Promise<Layer> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry): Promise<TarFile> => {
        const path = join(entry.parentPath, entry.name);
        return {
          path: `${to}/${relative(from, path).split(sep).join("/")}`,
          bytes: (await stat(path)).size,
          open: (signal) => createReadStream(path, { signal }),
        };
      }),
  );
  return { ...tarOf(files), annotations: { "dev.modelgate.layer": `runtime ${to}` } };
}

/** The file's bytes, checked against the digest that validation saw, in the pass that sends them. */
function validated(file: ModelBytes, model: Model): TarFile["open"] {
  const expected = model.files.find((known) => known.path === file.path)?.digest;
  return async function* open(signal) {
    const hash = hasher();
    for await (const chunk of file.stream(signal)) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest() !== expected)
      throw new UserError([
        {
          code: "model.changed",
          message: `${file.path} is not what it was when it was validated`,
          hint: "Let nothing write to the model while it is packaged, and run again.",
          at: { file: file.path },
        },
      ]);
  };
}

/** The model's files as layers: the small ones together, each large one alone, in the order of their paths. */
export function modelLayers(model: Model, files: readonly ModelBytes[], folder: string): Layer[] {
  const tarFile = (file: ModelBytes): TarFile => ({
    path: `${folder}/${file.path}`,
    bytes: file.bytes,
    open: validated(file, model),
  });
  const groups: ModelBytes[][] = [];
  const small = files.filter((file) => file.bytes < ownLayerBytes);
  if (small.length > 0) groups.push(small);
  for (const file of files.filter((other) => other.bytes >= ownLayerBytes))
    if (groups.length < mostLayers) groups.push([file]);
    else groups.at(-1)!.push(file);
  return groups.map((group) => ({
    ...tarOf(group.map(tarFile)),
    annotations: {
      "dev.modelgate.layer": `model ${group
        .map(({ path, bytes }) => `${path}:${bytes}`)
        .join(" ")
        .slice(0, 2000)}`,
    },
  }));
}
