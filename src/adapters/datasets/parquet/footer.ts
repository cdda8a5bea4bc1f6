import type { FileHandle } from "node:fs/promises";
import { type FileMetaData, parquetMetadata } from "hyparquet";
import { Damaged } from "./damaged.ts";
import { bytesOf } from "./file.ts";

/** A footer is a few kB for each row group; this is room for a million column chunks. */
const longestFooter = 128 * 2 ** 20;

const magic = "PAR1";
const tail = 8;

/**
 * The footer of a Parquet file: its schema and where its column chunks stand.
 * Apache Parquet format, File format: `PAR1 … footer, its length (4 bytes, little endian), PAR1`.
 * @throws Damaged
 */
export async function footerOf(handle: FileHandle, size: number): Promise<FileMetaData> {
  if (size < magic.length + tail) throw new Damaged(`it has ${size} bytes, too few for Parquet`);
  const end = await bytesOf(handle, { from: size - tail, to: size, size });
  const mark = Buffer.from(end, 4, 4).toString("latin1");
  if (mark === "PARE")
    throw new Damaged("its footer is encrypted", "Write it without encryption: there are no keys for it here.");
  if (mark !== magic) throw new Damaged(`it does not end with ${magic}`);
  const length = new DataView(end).getUint32(0, true);
  if (length > size - tail - magic.length)
    throw new Damaged(`it has ${size} bytes, and says that its footer has ${length}`);
  if (length > longestFooter)
    throw new Damaged(
      `its footer has ${length} bytes, and at most ${longestFooter} are read`,
      "Write it with fewer row groups.",
    );
  const footer = parquetMetadata(await bytesOf(handle, { from: size - tail - length, to: size, size }), {
    geoparquet: false,
  });
  const rows = footer.row_groups.map(({ num_rows: own }) => own);
  if (![footer.num_rows, ...rows].every((number) => typeof number === "bigint" && number >= 0n))
    throw new Damaged("its footer does not say how many rows it has");
  const sum = rows.reduce((all, own) => all + own, 0n);
  if (sum !== footer.num_rows)
    throw new Damaged(`it says that it has ${footer.num_rows} rows, and its row groups have ${sum}`);
  return footer;
}
