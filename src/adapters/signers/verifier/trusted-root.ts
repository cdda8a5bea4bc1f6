import { TrustedRoot } from "@sigstore/protobuf-specs";
import { getTrustedRoot } from "@sigstore/tuf";
import type { Verifier } from "@sigstore/verify";
import { UserError } from "../../../domain/problem.ts";
import { sigstoreFailed } from "../keyless/failure.ts";
import { authority } from "./certificate.ts";

/** Reads a trusted_root.json, or several, a line each, as `gh attestation trusted-root` prints them. */
export function parseTrustedRoots(text: string, file: string): Verifier[] {
  try {
    return documents(text).map((document) => {
      const root = TrustedRoot.fromJSON(document);
      if (root.certificateAuthorities.length === 0) throw new RangeError("it names no certificate authority");
      return authority(root);
    });
  } catch (error) {
    const why = error instanceof RangeError ? error.message : "it is not JSON of that form";
    throw new UserError([
      {
        code: "config.value",
        message: `${file} is no trusted root of Sigstore: ${why}`,
        hint: "Write it with cosign trusted-root create, or with gh attestation trusted-root > trusted_root.jsonl.",
        at: { file, key: "trust.trusted-root" },
      },
    ]);
  }
}

function documents(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (lines.length === 0) throw new RangeError("it is empty");
    return lines.map((line) => JSON.parse(line) as unknown);
  }
}

/** The root of the public-good instance, by TUF; kept in a cache on this machine. */
export async function fetchTrustedRoots(): Promise<Verifier[]> {
  try {
    return [authority(await getTrustedRoot())];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw sigstoreFailed({
      service: "Sigstore's trust root (tuf-repo-cdn.sigstore.dev)",
      during: "fetching the certificates to verify with",
      why: `${why}; without network, name a file under trust.trusted-root`,
      retryable: true,
    });
  }
}
