import type { Digest } from "./digest.ts";
import type { Problem } from "./problem.ts";

/** Who signed something, as its verified signature says. */
export type SignerIdentity =
  | {
      kind: "key";
      /** sha256 over the DER of the public key (SubjectPublicKeyInfo). */
      fingerprint: Digest;
    }
  | {
      kind: "keyless";
      /** The OpenID issuer that vouched for the job. */
      issuer: string;
      /** The workflow that signed, `owner/repository/.github/workflows/file.yml`, and the ref it was taken from. */
      workflow: string;
      workflowRef: string;
      /** The repository, ref and commit the job ran for, and its run; null where the certificate does not say. */
      repository: string | null;
      ref: string | null;
      commit: string | null;
      run: string | null;
    };

/** Whose signatures count. */
export interface Trust {
  /** Fingerprints of public keys. */
  keys: readonly Digest[];
  identities: readonly TrustedIdentity[];
}

/** A workflow whose signatures count. A null ref means any ref of the repository. */
export interface TrustedIdentity {
  issuer: string;
  /** `owner/repository/.github/workflows/file.yml` */
  workflow: string;
  repository: string;
  ref: string | null;
}

/** What is known about the signature of a statement. */
export type Signature =
  /** Sound, and made by somebody the trust names. `at`: the time a trusted clock states; null for plain keys. */
  | { status: "verified"; by: SignerIdentity; at: string | null }
  /** There is no signature. It counts only where the configuration says that nothing is signed. */
  | { status: "unsigned" }
  /** It does not count, with the reason: altered, of a stranger, expired … */
  | { status: "refused"; problem: Problem };
