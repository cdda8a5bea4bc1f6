import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Spill } from "../../ports/spill.ts";

/** Bytes that are written together. */
const chunkBytes = 2 ** 20;

/** Values in a file without a name, as V8 serialises them: exact for every number, bigint and text. */
class FileSpill<T> implements Spill<T> {
  readonly #file: number;
  /** Where each value starts, and where the last one ends. */
  readonly #bounds = [0];
  #waiting: Buffer[] = [];
  #written = 0;

  constructor(file: number) {
    this.#file = file;
  }

  put(value: T): void {
    const bytes = serialize(value);
    this.#waiting.push(bytes);
    const end = this.#bounds.at(-1)! + bytes.length;
    this.#bounds.push(end);
    if (end - this.#written >= chunkBytes) this.#write();
  }

  #write(): void {
    const bytes = Buffer.concat(this.#waiting);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at, bytes.length - at, this.#written + at);
    this.#written += bytes.length;
    this.#waiting = [];
  }

  get(index: number): T {
    const [from, to] = [this.#bounds[index], this.#bounds[index + 1]];
    if (from === undefined || to === undefined) throw new RangeError(`there is no value ${index}`);
    if (to > this.#written) this.#write();
    const bytes = Buffer.allocUnsafe(to - from);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.#file, bytes, at, bytes.length - at, from + at);
      if (read === 0) throw new Error("a file of this process became shorter");
      at += read;
    }
    return deserialize(bytes) as T;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/**
 * Keeps values in a file of a folder. It has no name once it is open: nothing is left when the process dies. Reading and writing do not
 * yield: what was written lately is in the system's cache, where that takes a few microseconds.
 */
export function openSpill<T>(folder: string): Spill<T> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rows.${randomUUID()}.part`);
  const file = openSync(path, "wx+", 0o600);
  rmSync(path);
  return new FileSpill<T>(file);
}
