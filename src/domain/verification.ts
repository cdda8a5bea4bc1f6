import type { Digest } from "./digest.ts";
import type { EvidenceKind } from "./evidence.ts";
import { formatImage } from "./image.ts";
import { type Problem, UserError } from "./problem.ts";
import { materialProblems } from "./provenance.ts";
import type { Release } from "./release.ts";
import { hasPassed } from "./smoke.ts";
import { distrust, formatSigner, isTrusted, type Stated } from "./stated.ts";
import {
  again,
  type Expected,
  hours,
  readVerdict,
  type Verdict,
  type VerdictAspect,
  verdictFindings,
  verdictThatCounts,
} from "./verdict.ts";

/** What a promotion rests on. */
export const proofKinds = ["verdict", "evaluation", "smoke", "validation", "provenance"] as const;
type ProofKind = (typeof proofKinds)[number];

/** The statements of each kind, newest first, and why some could not be read. */
export type Proof = Readonly<Record<ProofKind, { statements: readonly Stated[]; problems: readonly Problem[] }>>;

/** What a verdict must be about to count, how old it may be, and whether it must be signed. */
export interface Expectations extends Pick<Expected, "policyDigest" | "dataDigest" | "maxAgeMs"> {
  signed: boolean;
}

/** One thing that was checked; `detail` says what was found, with the values. */
export interface VerificationCheck {
  name: string;
  ok: boolean;
  detail: string;
}

/** What the evidence of a release comes to. */
export interface Verification {
  /** The verdict that counts, whatever it says; null when none is trusted. */
  verdict: StatedVerdict | null;
  checks: readonly VerificationCheck[];
  /** All that keeps the release from being promoted. Empty: nothing does. */
  problems: readonly Problem[];
}
type StatedVerdict = Verdict & { digest: Digest };

/** A check with the problems it found. */
type Finding = VerificationCheck & { problems: readonly Problem[] };

const finding = (name: string, problems: readonly Problem[], detail: string): Finding => ({
  name,
  ok: problems.length === 0,
  detail: problems.length === 0 ? detail : problems.map(({ message }) => message).join("; "),
  problems,
});

/**
 * Decides which verdict of a release counts, and checks it and all it rests on. A statement that is not trusted never counts and
 * never hides one that is; where no verdict is trusted, the newest says why.
 */
export function verification(
  release: Release,
  proof: Proof,
  { signed, now, ...wanted }: Expectations & { now: Date },
): Verification {
  const chosen = chosenVerdict(proof.verdict, { signed, ...wanted });
  const findings =
    "problems" in chosen
      ? untrusted(chosen.problems)
      : [
          ...signatureFindings(chosen.stated),
          ...verdictChecks(chosen, { image: release.image, modelDigest: release.model.digest, ...wanted, now }),
          ...supportFindings(release, chosen.verdict, proof, signed),
        ];
  return {
    verdict: "problems" in chosen ? null : chosen.verdict,
    checks: findings.map(({ name, ok, detail }) => ({ name, ok, detail })),
    problems: findings.flatMap(({ problems }) => problems),
  };
}

type Chosen = { stated: Stated; verdict: StatedVerdict };

/** The verdict that counts, or why there is none. A trusted one that cannot be read stops everything: it may be a fail. */
function chosenVerdict(
  { statements, problems }: Proof["verdict"],
  { signed, ...wanted }: Expectations,
): Chosen | { problems: readonly Problem[] } {
  if (problems.length > 0) return { problems };
  const trusted = statements.filter((stated) => isTrusted(stated, signed));
  const [stranger] = statements;
  if (trusted.length === 0 && stranger) return { problems: [distrust(stranger, "verdict")] };
  try {
    const verdicts = trusted.map((stated) => ({
      ...readVerdict(stated.body, `the verdict ${stated.digest}`),
      digest: stated.digest,
    }));
    const verdict = verdictThatCounts(verdicts, wanted);
    const stated = trusted.find(({ digest }) => digest === verdict?.digest);
    if (verdict && stated) return { stated, verdict };
  } catch (error) {
    if (error instanceof UserError) return { problems: error.problems };
    throw error;
  }
  return { problems: [{ code: "promote.no-verdict", message: "the release has no verdict", hint: again }] };
}

const unchecked = ["signer", "subject", "model digest", "verdict", "freshness", "policy digest", "data digest"];

/** No verdict counts: that is the one problem, and the rest cannot be checked. */
const untrusted = (problems: readonly Problem[]): Finding[] => [
  finding("signature", problems, ""),
  ...[...unchecked, ...proofKinds.filter((kind) => kind !== "verdict")].map((name) => ({
    name,
    ok: false,
    detail: "not checked: no verdict counts",
    problems: [],
  })),
];

/** Of a trusted statement. */
const signatureFindings = ({ digest, signature }: Stated): Finding[] => {
  if (signature.status !== "verified")
    return [
      finding("signature", [], `the verdict ${digest} is not signed, and signing.method is none`),
      finding("signer", [], "nobody: nothing is signed"),
    ];
  const when = signature.at ? `, signed at ${signature.at}` : "";
  return [
    finding("signature", [], `the verdict ${digest} is as it was signed${when}`),
    finding("signer", [], formatSigner(signature.by)),
  ];
};

function verdictChecks({ stated, verdict }: Chosen, expected: Expected): Finding[] {
  const found = verdictFindings(verdict, expected);
  const { image, modelDigest, policyDigest, dataDigest, maxAgeMs, now } = expected;
  const age = `judged at ${verdict.at}, ${hours(now.getTime() - Date.parse(verdict.at))} ago; at most ${hours(maxAgeMs)} are allowed`;
  const of = (aspect: VerdictAspect, name: string, detail: string): Finding => finding(name, found[aspect], detail);
  return [
    of("subject", "subject", `${formatImage(image)} was judged, and ran before and after the evaluation`),
    finding("model digest", [...otherModel(stated, "verdict", modelDigest), ...found.model], modelDigest),
    of("verdict", "verdict", `pass on ${verdict.checks.length} gates`),
    of("freshness", "freshness", age),
    of("policy", "policy digest", policyDigest),
    of("data", "data digest", `${dataDigest}, ${verdict.data.rows} rows`),
  ];
}

const otherModel = (stated: Stated, kind: EvidenceKind, own: Digest): Problem[] =>
  stated.modelDigest === own
    ? []
    : [
        {
          code: "evidence.subject",
          message: `the ${kind} evidence ${stated.digest} is about another model: ${stated.modelDigest}, not ${own}`,
          hint: again,
        },
      ];

/** What the verdict rests on: the evaluation it names, and the newest trusted statement of each other kind. */
function supportFindings(release: Release, verdict: Verdict, proof: Proof, signed: boolean): Finding[] {
  const newest = (): boolean => true;
  const support = (
    kind: Exclude<ProofKind, "verdict">,
    isOne: (stated: Stated) => boolean,
    problemsOf: (stated: Stated) => readonly Problem[],
  ): Finding => {
    const { statements, problems } = proof[kind];
    if (problems.length > 0) return finding(kind, problems, "");
    const candidates = statements.filter(isOne);
    const stated = candidates.find((candidate) => isTrusted(candidate, signed));
    if (!stated) return finding(kind, [candidates[0] ? distrust(candidates[0], kind) : missing(kind, verdict)], "");
    const found = [...otherModel(stated, kind, release.model.digest), ...problemsOf(stated)];
    const { signature, digest, at } = stated;
    const by = signature.status === "verified" ? `signed by ${formatSigner(signature.by)}` : "not signed";
    return finding(kind, found, `${digest} of ${at}, ${by}`);
  };
  return [
    support(
      "evaluation",
      ({ digest }) => digest === verdict.evaluation,
      () => [],
    ),
    support("smoke", newest, ({ body, digest }) => (hasPassed(body) ? [] : [failedSmoke(digest)])),
    support("validation", newest, () => []),
    support("provenance", newest, ({ body }) => materialProblems(body, release.model)),
  ];
}

const missing = (kind: EvidenceKind, { evaluation }: Verdict): Problem => ({
  code: "evidence.missing",
  message: `the release has no ${kind} evidence${kind === "evaluation" ? ` ${evaluation}, which its verdict rests on` : ""}`,
  hint: again,
});

const failedSmoke = (digest: Digest): Problem => ({
  code: "smoke.failed",
  message: `the newest smoke test of the release did not pass (${digest})`,
  hint: "Deploy the release to staging and run modelgate smoke again; an older pass under a newer fail is not a pass.",
});
