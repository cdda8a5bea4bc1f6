import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { z } from "zod";

/** The labels cosign gives its keys, now and before 2023. */
const labels =
  /-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----([\s\S]*?)-----END ENCRYPTED \1 PRIVATE KEY-----/;

const base64 = z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64")));

/** https://pkg.go.dev/github.com/secure-systems-lab/go-securesystemslib/encrypted: scrypt, then NaCl's secretbox. */
const sealedKey = z.object({
  kdf: z.object({
    name: z.literal("scrypt"),
    // Bounds of what is asked of this machine: at most 1 GiB.
    params: z.object({
      N: z
        .int()
        .min(2)
        .max(2 ** 20),
      r: z.int().min(1).max(8),
      p: z.int().min(1).max(16),
    }),
    salt: base64,
  }),
  cipher: z.object({ name: z.literal("nacl/secretbox"), nonce: base64 }),
  ciphertext: base64,
});

/** Whether a text is a key in cosign's own format. */
export const isCosignKey = (text: string): boolean => labels.test(text);

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/**
 * Opens a key of `cosign generate-key-pair`. @returns its PKCS#8 DER; null when the passphrase is wrong.
 * @throws RangeError when the text is not such a key.
 */
export async function openCosignKey(text: string, passphrase: string): Promise<Uint8Array | null> {
  const { kdf, cipher, ciphertext } = sealed(text);
  const { N, r, p } = kdf.params;
  const key = await derive(passphrase, kdf.salt, 32, { N, r, p, maxmem: 256 * N * r + 2 ** 20 });
  try {
    return xsalsa20poly1305(key, cipher.nonce).decrypt(ciphertext);
  } catch {
    return null;
  }
}

function sealed(text: string): z.infer<typeof sealedKey> {
  const encoded = labels.exec(text)?.[2] ?? "";
  try {
    return sealedKey.parse(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  } catch {
    throw new RangeError("it is not what cosign writes");
  }
}
