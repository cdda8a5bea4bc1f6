import type { FileHandle } from "node:fs/promises";
import { Damaged } from "./damaged.ts";

/** Bytes of a file from one place to another. @throws Damaged when the file does not have them. */
export async function bytesOf(
  handle: FileHandle,
  { from, to, size }: { from: number; to: number; size: number },
): Promise<ArrayBuffer> {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) throw new Damaged("it does not say where data stand");
  if (from < 0 || to < from || to > size)
    throw new Damaged(`it has ${size} bytes, and says that data stand at ${from} to ${to}`);
  const buffer = new ArrayBuffer(to - from);
  const bytes = new Uint8Array(buffer);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, from + at);
    if (bytesRead === 0) throw new Damaged("it became shorter while it was read");
    at += bytesRead;
  }
  return buffer;
}
