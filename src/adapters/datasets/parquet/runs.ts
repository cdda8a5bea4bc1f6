import { Damaged } from "./damaged.ts";

/** Writers fill the last bit-packed run up to 64 groups of 8 values. */
const padding = 512;

/**
 * Walks over the headers of runs before they are decoded: a damaged one could stand for two thousand million values.
 * RLE/bit-packing hybrid (Apache Parquet format, Encodings): `header` as a varint; odd: `header >> 1` groups of 8 packed values;
 * even: one value, `header >> 1` times.
 * @param most how many values there may be.
 * @returns how many values the runs hold, as far as the bytes go.
 * @throws Damaged when a run holds more.
 */
export function runsIn(bytes: Uint8Array, width: number, most: number, where: string): number {
  if (width > 32) throw new Damaged(`${where} has values of ${width} bits`);
  let [at, seen] = [0, 0];
  while (seen < most && at < bytes.length) {
    let [header, shift] = [0, 0];
    for (let byte = 0x80; byte & 0x80 && at < bytes.length; shift += 7) {
      byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
    }
    const half = Math.floor(header / 2);
    const values = header % 2 === 1 ? half * 8 : half;
    if (values === 0 || values > most - seen + (header % 2 === 1 ? padding : 0))
      throw new Damaged(`${where} has a run of ${values} values where ${most - seen} are left`);
    seen += values;
    at += header % 2 === 1 ? half * width : (width + 7) >> 3;
  }
  return seen;
}
