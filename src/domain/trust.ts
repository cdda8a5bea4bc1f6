import type { Problem, ProblemCode } from "./problem.ts";
import type { SignerIdentity, Trust, TrustedIdentity } from "./signature.ts";

type Keyless = Extract<SignerIdentity, { kind: "keyless" }>;

/** What a certificate of Fulcio says of its holder, as text; null where it says nothing. */
export interface CertificateClaims {
  /** The subject alternative name: a URI or an e-mail address. */
  subject: string | null;
  issuer: string | null;
  /** Address of the workflow that signs, at its ref. */
  signerUri: string | null;
  repositoryUri: string | null;
  commit: string | null;
  ref: string | null;
  runUri: string | null;
}

/** An address without its server: `https://github.com/acme/digits` is `acme/digits`. */
const withoutServer = (uri: string): string => uri.replace(/^https?:\/\/[^/]+\//, "");

/** Who a certificate is for. Other holders than workflows (people, other issuers) have their whole name as the workflow. */
export function keylessIdentity(claims: CertificateClaims): Keyless {
  const uri = withoutServer(claims.subject ?? claims.signerUri ?? "");
  const at = uri.indexOf("@", uri.indexOf("/.github/workflows/"));
  const isWorkflow = uri.includes("/.github/workflows/") && at > 0;
  return {
    kind: "keyless",
    issuer: claims.issuer ?? "",
    workflow: isWorkflow ? uri.slice(0, at) : uri,
    workflowRef: isWorkflow ? uri.slice(at + 1) : "",
    repository: claims.repositoryUri === null ? null : withoutServer(claims.repositoryUri),
    ref: claims.ref,
    commit: claims.commit,
    run: claims.runUri,
  };
}

/** GitHub compares owners and names of repositories without case; paths are what they are. */
const sameRepository = (a: string | null, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

function sameWorkflow(a: string, b: string): boolean {
  const [ownerA, nameA, ...pathA] = a.split("/");
  const [ownerB, nameB, ...pathB] = b.split("/");
  return sameRepository(`${ownerA}/${nameA}`, `${ownerB}/${nameB}`) && pathA.join("/") === pathB.join("/");
}

interface Aspect {
  code: ProblemCode;
  what: string;
  found(by: Keyless): string | null;
  wanted(trusted: TrustedIdentity): string | null;
  holds(by: Keyless, trusted: TrustedIdentity): boolean;
}

/** What must be as trusted, in the order in which a difference is told: a fork differs in its workflow too. */
const aspects: readonly Aspect[] = [
  {
    code: "evidence.signer-issuer",
    what: "issuer",
    found: ({ issuer }) => issuer,
    wanted: ({ issuer }) => issuer,
    holds: (by, trusted) => by.issuer === trusted.issuer,
  },
  {
    code: "evidence.signer-repository",
    what: "repository",
    found: ({ repository }) => repository,
    wanted: ({ repository }) => repository,
    holds: (by, trusted) => sameRepository(by.repository, trusted.repository),
  },
  {
    code: "evidence.signer-workflow",
    what: "workflow",
    found: ({ workflow }) => workflow,
    wanted: ({ workflow }) => workflow,
    holds: (by, trusted) => sameWorkflow(by.workflow, trusted.workflow),
  },
  {
    code: "evidence.signer-ref",
    what: "ref",
    found: ({ ref }) => ref,
    wanted: ({ ref }) => ref,
    holds: (by, trusted) => trusted.ref === null || by.ref === trusted.ref,
  },
];

const onlyIfMeant =
  "Add it to trust only if you know whose it is and mean to. Else judge the release again in a trusted job.";

const unknownKey = (fingerprint: string): Problem => ({
  code: "evidence.signer-key",
  message: `it is signed with the key ${fingerprint}, which trust.keys does not name`,
  hint: onlyIfMeant,
});

/** How many aspects hold, from the first on. */
const agreement = (by: Keyless, trusted: TrustedIdentity): number => {
  const broken = aspects.findIndex((aspect) => !aspect.holds(by, trusted));
  return broken < 0 ? aspects.length : broken;
};

function unknownWorkflow(by: Keyless, { identities }: Trust): Problem | null {
  const [closest] = identities
    .map((trusted) => ({ trusted, held: agreement(by, trusted) }))
    .toSorted((a, b) => b.held - a.held);
  if (!closest)
    return {
      code: "evidence.signer-workflow",
      message: `it is signed by the workflow ${by.workflow}, and trust.identities names none`,
      hint: onlyIfMeant,
    };
  const aspect = aspects[closest.held];
  if (!aspect) return null;
  const found = aspect.found(by) || `no ${aspect.what}`;
  return {
    code: aspect.code,
    message: `its signer is of the ${aspect.what} ${found}, and trust.identities names ${aspect.wanted(closest.trusted)}`,
    hint: onlyIfMeant,
  };
}

/** Why a signer is not trusted; null: it is. Of several trusted identities the closest is named. */
export function trustProblem(by: SignerIdentity, trust: Trust): Problem | null {
  if (by.kind === "keyless") return unknownWorkflow(by, trust);
  return trust.keys.includes(by.fingerprint) ? null : unknownKey(by.fingerprint);
}
