import type { Signature } from "../domain/signature.ts";

/** Signs what modelgate states. */
export interface Signer {
  readonly kind: string;
  /**
   * Signs an in-toto statement, its bytes as they are, as a DSSE envelope in a Sigstore bundle v0.3
   * (https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto). @returns the bundle's JSON.
   * @throws UserError `signing.*` with the exact permission, variable or passphrase that is missing; WorldError when
   * Fulcio, Rekor or a timestamp authority fails.
   */
  sign(statement: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Checks signatures against the trust of the configuration; needs no network when a trust root is given. */
export interface SignatureVerifier {
  /** Checks a Sigstore bundle. It never throws for a bad bundle: that is `refused`. @returns also the payload, null when there is none to read. */
  verify(bundle: Uint8Array, signal: AbortSignal): Promise<{ signature: Signature; statement: Uint8Array | null }>;
}
