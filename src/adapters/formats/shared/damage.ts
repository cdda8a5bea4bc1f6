import { type Problem, UserError } from "../../../domain/problem.ts";
import type { ModelBytes } from "../../../ports/model-source.ts";

const problem = (code: Problem["code"], file: ModelBytes, offset: number, message: string, hint: string): UserError =>
  new UserError([{ code, message: `${file.path}: ${message}`, hint, at: { file: file.path, offset } }]);

/** A file that contradicts its own format. */
export const corrupt = (file: ModelBytes, offset: number, message: string): UserError =>
  problem("model.corrupt", file, offset, message, "The file is damaged. Export or download the model again.");

/** A file that ends before what its header promises. */
export const truncated = (file: ModelBytes, needed: bigint | number): UserError =>
  problem(
    "model.truncated",
    file,
    file.bytes,
    `the file has ${file.bytes} bytes, and its header promises ${needed}`,
    "The copy or download was cut off. Copy it again and compare sizes.",
  );

/** A pickle, bare or in the zip that PyTorch writes: loading one runs whatever it holds. */
const isPickle = (head: Uint8Array): boolean =>
  (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) ||
  (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4);

/** Refuses a folder that holds pickles beside the model. @throws UserError `model.unknown-format` for the first. */
export async function refusePickles(files: readonly ModelBytes[]): Promise<void> {
  for (const file of files)
    if (isPickle(await file.read(0, 4)))
      throw problem(
        "model.unknown-format",
        file,
        0,
        "this is a Python pickle or a zip that may hold one, and a pickle can run any code when it is loaded",
        "Remove it from the folder: the weights are in safetensors.",
      );
}
