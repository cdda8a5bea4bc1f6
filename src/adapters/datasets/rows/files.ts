import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import type { JsonValue } from "../../../domain/json.ts";
import type { Tensor } from "../../../domain/tensor.ts";
import { BadRow } from "./bad-row.ts";
import type { InputColumns } from "./columns.ts";
import { textOf } from "./labels.ts";
import { shapeFor } from "./tensors.ts";

/** A file that a row names is held whole, and travels in one request. */
export const largestFile = 64 * 2 ** 20;

const hint = "Write a path from the folder of the data file, to a file inside of it.";

/** Whether a path from a folder leads out of it, by its text. */
const leads = (path: string): boolean =>
  isAbsolute(path) || /^[A-Za-z]:/.test(path) || path.split(/[\\/]/).includes("..");

/** The real path of what a cell names. @throws RangeError when it is not there, or not in the folder. */
async function insideOf(folder: string, path: string): Promise<string> {
  if (path === "" || path.includes("\0")) throw new RangeError("there is no path");
  if (leads(path)) throw new RangeError(`"${path}" leads out of the folder of the data`);
  const [root, real] = await Promise.all([realpath(folder), realpath(join(folder, path)).catch(() => null)]);
  if (real === null) throw new RangeError(`there is no file "${path}"`);
  const inside = relative(root, real);
  // A link may lead anywhere: what counts is where it ends.
  if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new RangeError(`"${path}" is a link that leads out of the folder of the data`);
  return real;
}

/** The bytes of a file, of a size that is checked first. @throws RangeError */
async function bytesOf(folder: string, path: string): Promise<Buffer> {
  const real = await insideOf(folder, path);
  // Without O_NONBLOCK a pipe would be waited for.
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => {
    throw new RangeError(`"${path}" may not be read`);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new RangeError(`"${path}" is no file`);
    if (found.size > largestFile)
      throw new RangeError(`"${path}" has ${found.size} bytes, and at most ${largestFile} are sent`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function elementsOf(bytes: Buffer, path: string, { spec, takes }: InputColumns): Tensor["data"] {
  if (takes === "base64") return [bytes.toString("base64")];
  if (spec.dtype === "uint8") return [...bytes];
  try {
    return [utf8.decode(bytes)];
  } catch {
    throw new RangeError(`"${path}" is no text in UTF-8; base64: sends any file`);
  }
}

/**
 * The tensor of an input that takes the file a cell names: its text, or its bytes as they are. Images are not decoded: what a model gets
 * is the file.
 * @param folder what the path starts from, and must not leave.
 * @throws BadRow
 */
export async function fileTensor(
  cells: Readonly<Record<string, JsonValue>>,
  input: InputColumns,
  folder: string,
): Promise<Tensor> {
  const { spec, pattern } = input;
  const column = input.columns[0]!;
  try {
    const path = textOf(cells[column]);
    const data = elementsOf(await bytesOf(folder, path), path, input);
    const shape = shapeFor(spec, data.length);
    if (!shape)
      throw new RangeError(`"${path}" gives ${data.length} values, and the shape is [${spec.shape.join(",")}]`);
    return { dtype: spec.dtype, shape, data };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BadRow(column, `${pattern}: ${error.message}`, hint);
  }
}
