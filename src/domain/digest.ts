import { createHash } from "node:crypto";

declare const brand: unique symbol;

/** `sha256:` and 64 lower-case hex digits. Made only by {@link parseDigest} and {@link sha256}. */
export type Digest = `sha256:${string}` & { readonly [brand]: "Digest" };

const pattern = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is a complete sha256 digest. */
export const isDigest = (text: string): text is Digest => pattern.test(text);

/**
 * Reads a digest.
 * @throws RangeError when the text is not `sha256:` and 64 lower-case hex digits.
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new RangeError(`"${text}" is not a sha256 digest (sha256: and 64 lower-case hex digits)`);
  return text;
}

/** The sha256 digest of bytes, or of a text in UTF-8. */
export const sha256 = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;

/** The 64 hex digits of a digest. */
export const hex = (digest: Digest): string => digest.slice("sha256:".length);

/** The first 12 hex digits, for people to recognise; never to look something up. */
export const short = (digest: Digest): string => hex(digest).slice(0, 12);

/** A sha256 that is fed in parts. `digest` may be asked once, at the end. */
export function hasher(): { update(bytes: Uint8Array): void; digest(): Digest } {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => `sha256:${hash.digest("hex")}` as Digest,
  };
}

/** Bytes of a sha256. */
const size = 32;
const hashesOfBlock = 2 ** 15;

/**
 * A digest of texts in any order: sha256 over the sha256 of each, sorted by byte. It holds 32 bytes for each of them. `digest` may be
 * asked once, at the end, and gives the numbers of the texts in the order of their hashes, too.
 */
export class UnorderedDigest {
  readonly #blocks: Buffer[] = [];
  #count = 0;

  #place(index: number): { block: Buffer; from: number; to: number } {
    const from = (index % hashesOfBlock) * size;
    return { block: this.#blocks[Math.floor(index / hashesOfBlock)]!, from, to: from + size };
  }

  add(text: string): void {
    if (this.#count % hashesOfBlock === 0) this.#blocks.push(Buffer.alloc(hashesOfBlock * size));
    const { block, from } = this.#place(this.#count++);
    createHash("sha256").update(text).digest().copy(block, from);
  }

  digest(): { digest: Digest; order: Uint32Array } {
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index).sort((a, b) => {
      const [left, right] = [this.#place(a), this.#place(b)];
      return left.block.compare(right.block, right.from, right.to, left.from, left.to) || a - b;
    });
    const hash = hasher();
    for (const index of order) {
      const { block, from, to } = this.#place(index);
      hash.update(block.subarray(from, to));
    }
    return { digest: hash.digest(), order };
  }
}
