import type { Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import type { EvidenceKind } from "./evidence.ts";
import type { Problem } from "./problem.ts";
import type { Signature, SignerIdentity } from "./signature.ts";

/** A statement about a release as it was read back: a claim, and what is known of its signature. */
export interface Stated {
  digest: Digest;
  modelDigest: Digest;
  at: string;
  body: Json;
  signature: Signature;
}

/** Whether a statement may allow anything: signed by somebody trusted, or unsigned where nothing is signed. */
export const isTrusted = ({ signature }: Pick<Stated, "signature">, signed: boolean): boolean =>
  signature.status === "verified" || (signature.status === "unsigned" && !signed);

/** Why a statement that is not trusted does not count. */
export function distrust({ digest, signature }: Pick<Stated, "digest" | "signature">, kind: EvidenceKind): Problem {
  const what = `the ${kind} evidence ${digest} does not count`;
  if (signature.status === "refused") return { ...signature.problem, message: `${what}: ${signature.problem.message}` };
  const hint =
    "signing.method asks for signatures. Run modelgate run again, so that a job you trust signs its evidence.";
  return { code: "evidence.unsigned", message: `${what}: it is not signed`, hint };
}

/** Who signed, in words: all that the signature says of it. */
export function formatSigner(by: SignerIdentity): string {
  if (by.kind === "key") return `the key ${by.fingerprint}`;
  const { workflow, workflowRef, repository, ref, commit, run, issuer } = by;
  const about = [
    repository && `for ${repository}`,
    ref && `at ${ref}`,
    commit && `commit ${commit}`,
    run && `run ${run}`,
  ].filter((part) => part !== null);
  return [`the workflow ${workflow}@${workflowRef}`, ...about, `vouched for by ${issuer}`].join(", ");
}
