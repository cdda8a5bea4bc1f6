import { isObject, type JsonValue, readJson } from "../../domain/json.ts";
import type { ModelFormat } from "../../ports/model-format.ts";
import type { ModelBytes } from "../../ports/model-source.ts";
import { corrupt, refusePickles, truncated } from "./shared/damage.ts";

/** The limit of the format's own reader, in bytes. */
const longestHeader = 100_000_000;
const lengthBytes = 8;

const headerLength = (head: Uint8Array): number => {
  if (head.length < lengthBytes + 2) return 0;
  const length = new DataView(head.buffer, head.byteOffset, head.byteLength).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(longestHeader) ? Number(length) : 0;
};

const recognises = (head: Uint8Array): boolean =>
  headerLength(head) > 0 && head[lengthBytes] === 0x7b && [0x22, 0x7d, 0x20].includes(head[lengthBytes + 1]!);

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** Where a tensor lies, and how many elements it has. @throws RangeError */
function tensorOf(name: string, value: JsonValue): { start: number; end: number; elements: number } {
  const { shape, data_offsets: offsets } = isObject(value) ? value : {};
  if (!Array.isArray(shape) || !shape.every(isCount)) throw new RangeError(`the tensor ${name} has no sound shape`);
  const [start, end] = Array.isArray(offsets) ? offsets : [];
  if (!isCount(start) || !isCount(end) || end < start) throw new RangeError(`the tensor ${name} has no sound offsets`);
  return { start, end, elements: shape.reduce<number>((product, side) => product * Number(side), 1) };
}

/** Reads the header of one file; its tensors fill what follows without a gap. @returns tensors and parameters. */
async function readHeader(file: ModelBytes): Promise<{ tensors: number; parameters: number }> {
  const head = await file.read(0, lengthBytes + 2);
  const length = headerLength(head);
  if (length === 0) throw corrupt(file, 0, "its header has no sound length");
  if (lengthBytes + length > file.bytes) throw truncated(file, lengthBytes + length);
  try {
    const header = readJson(new TextDecoder("utf-8", { fatal: true }).decode(await file.read(lengthBytes, length)));
    if (!isObject(header)) throw new RangeError("its header is no object");
    const tensors = Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, value]) => tensorOf(name, value));
    const sorted = tensors.toSorted((a, b) => a.start - b.start || a.end - b.end);
    const total = sorted.reduce((at, { start, end }) => {
      if (start !== at) throw new RangeError(`a tensor begins at ${start}, and the one before it ends at ${at}`);
      return end;
    }, 0);
    const needed = lengthBytes + length + total;
    if (needed > file.bytes) throw truncated(file, needed);
    if (needed < file.bytes) throw new RangeError(`${file.bytes - needed} bytes follow the last tensor`);
    return { tensors: tensors.length, parameters: tensors.reduce((sum, { elements }) => sum + elements, 0) };
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError)
      throw corrupt(file, lengthBytes, error.message);
    throw error;
  }
}

/**
 * safetensors: a JSON header and raw tensors; a model may have many such files, with its configuration and tokenizer beside them.
 * What it takes and gives is not in it. https://github.com/huggingface/safetensors#format
 */
export const safetensors: ModelFormat = {
  kind: "safetensors",
  isSharded: true,
  recognises,
  async inspect(folder, main) {
    const all = folder.main ? [main] : folder.files;
    await refusePickles(all);
    let [shards, tensors, parameters] = [0, 0, 0];
    for (const file of all) {
      if (!recognises(await file.read(0, lengthBytes + 2))) continue;
      const found = await readHeader(file);
      shards++;
      tensors += found.tensors;
      parameters += found.parameters;
    }
    return { files: all, inputs: null, outputs: null, facts: { shards, tensors, parameters } };
  },
};
