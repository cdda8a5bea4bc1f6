import type { ColumnMetaData } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressed } from "./codecs.ts";
import { Damaged } from "./damaged.ts";
import { runsIn } from "./runs.ts";

/** Uncompressed bytes of the columns that are read of one row group: all that is held of a file at a time. */
export const mostBytes = 2 ** 30;
/** Values of a column in one row group: those that are null or repeated take no bytes, but memory all the same. */
export const mostValues = 2 ** 26;

const smaller = "Write the file with smaller row groups (row_group_size in pyarrow and polars).";

/** @throws Damaged when what a footer says of the columns that are read would not fit into memory. */
export function checkGroup(group: number, columns: readonly ColumnMetaData[]): void {
  const bytes = columns.reduce((sum, { total_uncompressed_size: size }) => sum + Number(size), 0);
  if (bytes > mostBytes)
    throw new Damaged(
      `row group ${group} takes ${bytes} bytes uncompressed, and at most ${mostBytes} are held at a time`,
      smaller,
    );
  for (const { num_values: values, path_in_schema: path } of columns)
    if (values > mostValues)
      throw new Damaged(
        `row group ${group} has ${values} values in ${path[0]}, and at most ${mostValues} are held at a time`,
        smaller,
      );
}

/** What a column's values are packed in: how deep they are repeated and defined at most; flat: one value for each row. */
export interface Levels {
  repetition: number;
  definition: number;
  isFlat: boolean;
}

const isSize = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const bitsFor = (level: number): number => 32 - Math.clz32(level);

/** Bytes behind their length in four bytes. @throws Damaged */
function prefixed(bytes: Uint8Array, where: string): { own: Uint8Array; rest: Uint8Array } {
  const length =
    bytes.length < 4 ? Number.POSITIVE_INFINITY : Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE();
  if (length > bytes.length - 4) throw new Damaged(`a part of ${where} is longer than its page`);
  return { own: bytes.subarray(4, 4 + length), rest: bytes.subarray(4 + length) };
}

function checkLevels(bytes: Uint8Array, level: number, values: number, where: string): void {
  const found = runsIn(bytes, bitsFor(level), values, where);
  if (found < values) throw new Damaged(`${where} has levels for ${found} of ${values} values`);
}

/** Indexes into a dictionary, and packed bits: all else that is in runs. */
function checkValues(bytes: Uint8Array, encoding: string, type: string, values: number, where: string): void {
  if (values === 0 || !/DICTIONARY$|^RLE$/.test(encoding)) return;
  if (type === "BOOLEAN") runsIn(prefixed(bytes, where).own, 1, values, where);
  else if (bytes.length > 0) runsIn(bytes.subarray(1), bytes[0]!, values, where);
}

type Page = ReturnType<typeof parquetHeader>;

/** A page of the first version, or a dictionary: all of it is compressed. @returns it without compression. */
function checkFirst(page: Page, bytes: Uint8Array, meta: ColumnMetaData, levels: Levels, where: string): Uint8Array {
  const full = decompressed(bytes, meta.codec, page.uncompressed_page_size);
  const { data_page_header: head } = page;
  if (!head) return full;
  let rest = full;
  for (const level of [levels.repetition, levels.definition])
    if (level > 0) {
      const part = prefixed(rest, where);
      checkLevels(part.own, level, head.num_values, where);
      rest = part.rest;
    }
  checkValues(rest, String(head.encoding), meta.type, head.num_values, where);
  return full;
}

/** A page of the second version: its levels are never compressed, and its values need not be. @returns them, if they were. */
function checkSecond(page: Page, bytes: Uint8Array, meta: ColumnMetaData, levels: Levels, where: string) {
  const head = page.data_page_header_v2!;
  const { repetition_levels_byte_length: repeated, definition_levels_byte_length: defined, num_nulls: nulls } = head;
  const rest = page.uncompressed_page_size - repeated - defined;
  if (!isSize(repeated) || !isSize(defined) || repeated + defined > bytes.length || !isSize(rest))
    throw new Damaged(`the levels of ${where} are longer than their page`);
  if (!isSize(nulls) || nulls > head.num_values) throw new Damaged(`a page of ${where} has ${nulls} nulls`);
  if (levels.repetition > 0) checkLevels(bytes.subarray(0, repeated), levels.repetition, head.num_values, where);
  if (levels.definition > 0)
    checkLevels(bytes.subarray(repeated, repeated + defined), levels.definition, head.num_values, where);
  const packed = bytes.subarray(repeated + defined);
  const full = head.is_compressed === false ? packed : decompressed(packed, meta.codec, rest);
  checkValues(full, String(head.encoding), meta.type, head.num_values - nulls, where);
  return head.is_compressed === false ? null : full;
}

/**
 * Walks over the pages of a column chunk before any of them is decoded: memory is taken for as many bytes and values as they say, and
 * the reader believes them.
 * @returns the pages without compression, in their order.
 * @throws Damaged when pages are longer than the chunk, or hold more values than the footer says.
 */
export function pagesOf(chunk: ArrayBuffer, meta: ColumnMetaData, levels: Levels): Uint8Array[] {
  const reader = { view: new DataView(chunk), offset: 0 };
  const values = Number(meta.num_values);
  const where = `the column ${meta.path_in_schema[0]}`;
  const pages: Uint8Array[] = [];
  let [found, bytes] = [0, 0];
  while (reader.offset < chunk.byteLength - 1 && (!levels.isFlat || found < values)) {
    const page = parquetHeader(reader);
    const { compressed_page_size: length, uncompressed_page_size: full } = page;
    if (!isSize(length) || length > chunk.byteLength - reader.offset || !isSize(full))
      throw new Damaged(`a page of ${where} is longer than the column`);
    bytes += full;
    if (bytes > mostBytes) throw new Damaged(`the pages of ${where} take more than ${mostBytes} bytes`, smaller);
    const head = page.data_page_header_v2 ?? page.data_page_header ?? page.dictionary_page_header;
    if (!isSize(head?.num_values) || head.num_values > mostValues)
      throw new Damaged(`a page of ${where} does not say how many values it has`);
    if (page.type !== "DICTIONARY_PAGE") found += head.num_values;
    const body = new Uint8Array(chunk, reader.offset, length);
    const unpacked = (page.type === "DATA_PAGE_V2" ? checkSecond : checkFirst)(page, body, meta, levels, where);
    if (unpacked) pages.push(unpacked);
    reader.offset += length;
  }
  if (found !== values) throw new Damaged(`${where} has ${found} values, and the footer says ${values}`);
  return pages;
}
