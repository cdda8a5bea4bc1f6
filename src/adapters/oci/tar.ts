import { UserError } from "../../domain/problem.ts";

/**
 * Deterministic POSIX tar (ustar, pax records where a name or size needs them): owner 0, time 0, modes 0644 and 0755,
 * parent folders before what is in them, sizes known before the first byte.
 * Source: POSIX.1-2017 pax, "ustar Interchange Format".
 */
const block = 512;

/** A regular file on its way into a tar. `open` may be called more than once. */
export interface TarFile {
  /** Path in the archive, `/` separated, without a leading slash. */
  path: string;
  bytes: number;
  /** Mode 0755 instead of 0644. */
  executable?: boolean;
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const padding = (bytes: number): number => (block - (bytes % block)) % block;

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;

/** Splits a name into ustar's prefix and name fields, or null when it needs a pax record. */
function splitName(path: string): [prefix: string, name: string] | null {
  if (Buffer.byteLength(path) !== path.length) return null;
  if (path.length <= 100) return ["", path];
  const at = path.lastIndexOf("/", 155);
  return at > 0 && path.length - at - 1 <= 100 && path.length - at - 1 > 0
    ? [path.slice(0, at), path.slice(at + 1)]
    : null;
}

function header(entry: { prefix: string; name: string; bytes: number; type: "0" | "5" | "x"; mode: number }): Buffer {
  const head = Buffer.alloc(block);
  head.write(entry.name, 0, "latin1");
  head.write(octal(entry.mode, 8), 100);
  head.write(octal(0, 8), 108);
  head.write(octal(0, 8), 116);
  head.write(octal(entry.bytes, 12), 124);
  head.write(octal(0, 12), 136);
  head.write("        ", 148);
  head.write(entry.type, 156);
  head.write("ustar\u000000", 257, "latin1");
  head.write(octal(0, 8), 329);
  head.write(octal(0, 8), 337);
  head.write(entry.prefix, 345, "latin1");
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head;
}

/** One pax record: its own length, counted in the length, then `key=value`. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest);
  return `${length}${rest}`;
}

const largestOctal = 8 ** 11 - 1;

function entryHeader(path: string, bytes: number, { type, mode }: { type: "0" | "5"; mode: number }): Buffer {
  const split = splitName(path);
  if (split && bytes <= largestOctal) return header({ prefix: split[0], name: split[1], bytes, type, mode });
  const records = `${split ? "" : record("path", path)}${bytes > largestOctal ? record("size", String(bytes)) : ""}`;
  const body = Buffer.from(records);
  return Buffer.concat([
    header({ prefix: "", name: "pax_header", bytes: body.length, type: "x", mode: 0o644 }),
    body,
    Buffer.alloc(padding(body.length)),
    header({
      prefix: "",
      name: Buffer.from(path).subarray(0, 100).toString("latin1"),
      bytes: bytes > largestOctal ? 0 : bytes,
      type,
      mode,
    }),
  ]);
}

/** All folders that the paths need, each before what is in it. */
function folders(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) found.add(`${parts.slice(0, depth).join("/")}/`);
  }
  return [...found].sort();
}

/** A file's content, as long as its header says. */
async function* content(file: TarFile, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let seen = 0;
  const changed = (): UserError =>
    new UserError([
      {
        code: "model.changed",
        message: `${file.path} had ${file.bytes} bytes when packaging began, and now has ${seen > file.bytes ? "more" : seen}`,
        hint: "Let nothing write to what is packaged, and run again.",
        at: { file: file.path, offset: Math.min(seen, file.bytes) },
      },
    ]);
  for await (const chunk of file.open(signal)) {
    seen += chunk.length;
    if (seen > file.bytes) throw changed();
    yield chunk;
  }
  if (seen < file.bytes) throw changed();
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A tar of files: its exact size, and its bytes as often as they are asked for. */
export function tarOf(files: readonly TarFile[]): {
  size: number;
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
} {
  const sorted = files.toSorted((a, b) => order(a.path, b.path));
  const heads = folders(sorted.map((file) => file.path)).map((path) =>
    entryHeader(path, 0, { type: "5", mode: 0o755 }),
  );
  const entries = sorted.map((file) => ({
    file,
    head: entryHeader(file.path, file.bytes, { type: "0", mode: file.executable ? 0o755 : 0o644 }),
  }));
  const size =
    heads.reduce((sum, head) => sum + head.length, 0) +
    entries.reduce((sum, { file, head }) => sum + head.length + file.bytes + padding(file.bytes), 0) +
    2 * block;
  return {
    size,
    async *open(signal) {
      yield* heads;
      for (const { file, head } of entries) {
        yield head;
        yield* content(file, signal);
        if (padding(file.bytes) > 0) yield Buffer.alloc(padding(file.bytes));
      }
      yield Buffer.alloc(2 * block);
    },
  };
}
