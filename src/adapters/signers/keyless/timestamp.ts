import { createHash } from "node:crypto";
import { RFC3161Timestamp } from "@sigstore/core";
import { accepted, ask, malformed } from "./ask.ts";

/** Has a timestamp authority say when a signature was there: an RFC 3161 response (https://github.com/sigstore/timestamp-authority). */
export async function timestampOf(signature: Buffer, authority: string, signal: AbortSignal): Promise<Buffer> {
  const service = { name: `timestamp authority ${authority}`, during: "asking for a timestamp", secret: null };
  const body = {
    artifactHash: createHash("sha256").update(signature).digest("base64"),
    hashAlgorithm: "sha256",
  };
  const reply = await ask(service, { url: new URL(`${authority}/api/v1/timestamp`), body }, signal);
  const response = accepted(service, reply);
  try {
    RFC3161Timestamp.parse(response as Buffer<ArrayBuffer>);
    return response;
  } catch {
    throw malformed(service);
  }
}
