import { type BundleWithDsseEnvelope, bundleFromJSON, isBundleWithDsseEnvelope } from "@sigstore/bundle";
import type { Verifier } from "@sigstore/verify";
import type { Problem } from "../../domain/problem.ts";
import type { SignerIdentity, TrustedIdentity } from "../../domain/signature.ts";
import { trustProblem } from "../../domain/trust.ts";
import type { SignatureVerifier } from "../../ports/signer.ts";
import { unlessAborted } from "../system/unless-aborted.ts";
import { payloadType } from "./bundle/signed.ts";
import { altered } from "./verifier/altered.ts";
import { checkCertificate } from "./verifier/certificate.ts";
import { checkKey } from "./verifier/key.ts";
import { parsePublicKey, type TrustedKey } from "./verifier/public-keys.ts";
import { fetchTrustedRoots, parseTrustedRoots } from "./verifier/trusted-root.ts";

/** Whose signatures count, as a user writes it. */
export interface TrustOptions {
  /** PEM files of public keys. */
  keyFiles: readonly string[];
  identities: readonly TrustedIdentity[];
  /** A trusted_root.json; null: that of the public-good instance is fetched when the first certificate is met. */
  trustedRoot: string | null;
}

export interface TrustContext {
  /** A text file by the path a user wrote, or null when it is not there. */
  readText(path: string): Promise<string | null>;
  /** How the roots are fetched where no file is named. */
  fetchRoots?: () => Promise<readonly Verifier[]>;
}

/** Remembers what was made, but not that it failed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}

/** What is signed, and by what; or why a bundle cannot be read. */
function readBundle(bytes: Uint8Array): BundleWithDsseEnvelope | Problem {
  try {
    const bundle = bundleFromJSON(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
    return isBundleWithDsseEnvelope(bundle) ? bundle : altered("it signs no statement");
  } catch {
    return altered("it is not a Sigstore bundle");
  }
}

/**
 * Checks Sigstore bundles with the keys and workflows that are trusted.
 * @throws UserError when the trust itself cannot be read; WorldError `signing.sigstore` when its root cannot be fetched.
 */
export function createTrustVerifier(trust: TrustOptions, context: TrustContext): SignatureVerifier {
  const keys = once(() => readKeys(trust, context));
  const roots = once(() => readRoots(trust, context));

  async function signerOf(
    bundle: BundleWithDsseEnvelope,
  ): Promise<{ by: SignerIdentity; at: string | null } | Problem> {
    if (bundle.verificationMaterial.content.$case !== "publicKey") return checkCertificate(bundle, await roots());
    const by = checkKey(bundle, await keys());
    return "code" in by ? by : { by, at: null };
  }

  return {
    async verify(bytes, signal) {
      const bundle = readBundle(bytes);
      if ("code" in bundle) return { signature: { status: "refused", problem: bundle }, statement: null };
      const { dsseEnvelope } = bundle.content;
      const statement = new Uint8Array(dsseEnvelope.payload);
      const refused = (problem: Problem) => ({ signature: { status: "refused", problem } as const, statement });
      if (dsseEnvelope.payloadType !== payloadType)
        return refused(altered(`it signs ${dsseEnvelope.payloadType}, not ${payloadType}`));
      const signer = await unlessAborted(signerOf(bundle), signal);
      if ("code" in signer) return refused(signer);
      const fingerprints = (await keys()).map(({ fingerprint }) => fingerprint);
      const problem = trustProblem(signer.by, { keys: fingerprints, identities: trust.identities });
      return problem ? refused(problem) : { signature: { status: "verified", ...signer }, statement };
    },
  };
}

const readKeys = ({ keyFiles }: TrustOptions, { readText }: TrustContext): Promise<TrustedKey[]> =>
  Promise.all(keyFiles.map(async (file) => parsePublicKey(await readText(file), file)));

async function readRoots(
  { trustedRoot }: TrustOptions,
  { readText, fetchRoots = fetchTrustedRoots }: TrustContext,
): Promise<readonly Verifier[]> {
  if (trustedRoot === null) return fetchRoots();
  return parseTrustedRoots((await readText(trustedRoot)) ?? "", trustedRoot);
}
