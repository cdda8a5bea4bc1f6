import zlib from "node:zlib";
import { type ColumnMetaData, snappyUncompress } from "hyparquet";
import { Damaged } from "./damaged.ts";

type Codec = ColumnMetaData["codec"];
type Decompressor = (input: Uint8Array, outputLength: number) => Uint8Array;

function snappy(input: Uint8Array, outputLength: number): Uint8Array {
  const output = new Uint8Array(outputLength);
  snappyUncompress(input, output);
  return output;
}

/** Node 20 has no Zstandard. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: typeof zlib.zstdDecompressSync };

/**
 * What takes the compression off a page. Node's own zlib does all but Snappy. LZO and LZ4 are missing: no writer of today uses them unless
 * it is told to.
 */
const decompressors: Partial<Record<Codec, Decompressor>> = {
  UNCOMPRESSED: (input) => input,
  SNAPPY: snappy,
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: length }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: length }),
  ...(zstdDecompressSync && { ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: length }) }),
};

/** @throws Damaged when there is nothing here that takes a compression off. */
export function checkCodec(column: string, codec: Codec): void {
  if (decompressors[codec]) return;
  const known = Object.keys(decompressors).map((name) => name.toLowerCase());
  throw new Damaged(
    `the column ${column} is compressed with ${codec ?? "a method that is not known"}`,
    `Write the file again with one of ${known.join(", ")}.`,
  );
}

/**
 * A page without its compression.
 * @param length bytes it has then, as its header says; it never grows beyond.
 * @throws Damaged when it is not what its header says.
 */
export function decompressed(input: Uint8Array, codec: Codec, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  try {
    const output = decompressors[codec]!(input, length);
    if (output.length === length) return output;
  } catch {
    // What the libraries say of it (a bad window, an early end) tells nobody more.
  }
  throw new Damaged(`a page cannot be unpacked (${codec})`);
}
