import type { ModelFormat } from "../../ports/model-format.ts";
import { corrupt, truncated } from "./shared/damage.ts";

const headerBytes = 24;
/** The least a key with its value, and a tensor's description, take. */
const least = { key: 8n + 1n + 4n + 1n, tensor: 8n + 1n + 4n + 8n + 4n + 8n };

/**
 * GGUF: magic, version, counts, keys, tensors. What it takes and gives is not in it.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export const gguf: ModelFormat = {
  kind: "gguf",
  recognises: (head) => head[0] === 0x47 && head[1] === 0x47 && head[2] === 0x55 && head[3] === 0x46,
  async inspect(_folder, main) {
    const head = await main.read(0, headerBytes);
    if (head.length < headerBytes) throw truncated(main, headerBytes);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const version = view.getUint32(4, true);
    if (version !== 2 && version !== 3)
      throw corrupt(main, 4, `its version is ${version}, and little-endian files of version 2 and 3 are known`);
    const [tensors, keys] = [view.getBigUint64(8, true), view.getBigUint64(16, true)];
    if (tensors === 0n) throw corrupt(main, 8, "it has no tensors");
    const needed = BigInt(headerBytes) + tensors * least.tensor + keys * least.key;
    if (needed > BigInt(main.bytes)) throw truncated(main, needed);
    return {
      files: [main],
      inputs: null,
      outputs: null,
      facts: { version, tensors: Number(tensors), "metadata-keys": Number(keys) },
    };
  },
};
