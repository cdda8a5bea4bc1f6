import type { Json } from "../domain/canonical.ts";
import type { Digest } from "../domain/digest.ts";
import type { EvidenceKind } from "../domain/evidence.ts";
import { judge } from "../domain/gate/decide.ts";
import type { Observations } from "../domain/observations/observations.ts";
import { type Policy, policyDigest } from "../domain/policy.ts";
import type { Release, Source } from "../domain/release.ts";
import type { SmokeReport } from "../domain/smoke.ts";
import { isSame, type Seen, type Verdict, verdictWord } from "../domain/verdict.ts";
import type { Clock } from "../ports/clock.ts";
import type { EvidenceStore, StoredEvidence } from "../ports/evidence-store.ts";
import { formatSeen, seenOf } from "./deploy.ts";

/** An evaluation as read back from its statement and its rows. */
export interface Evaluated {
  /** Digest of the evaluation statement. */
  digest: Digest;
  /** What the platform said ran when it began and ended. */
  before: Seen;
  after: Seen;
  champion: Verdict["champion"];
  data: Verdict["data"];
  observations: Observations;
}

export interface GateOptions {
  release: Release;
  policy: Policy;
  evaluated: Evaluated;
  evidence: EvidenceStore;
  clock: Clock;
  source: Source;
  signal: AbortSignal;
}

/**
 * Judges an evaluation by a policy and attaches the verdict. Without a passed smoke test and a validation of exactly this
 * release, or when the endpoint ran something else, the verdict is an error with its reasons.
 * @returns the verdict and the digest of its statement.
 */
export async function gate(options: GateOptions): Promise<{ verdict: Verdict; digest: Digest }> {
  const { release, policy, evaluated, evidence, clock, source, signal } = options;
  const reasons = [...(await missingProof(options)), ...strangers(evaluated, release)];
  const { image, modelDigest } = seenOf(release);
  const { before, after, champion, data } = evaluated;
  const seeds = { candidate: image.digest, champion: champion.image?.digest ?? null, data: data.digest };
  const { checks } = judge(policy.checks, evaluated.observations, { seeds, firstPromotion: policy.firstPromotion });
  const at = clock.now().toISOString();
  const verdict: Verdict = {
    schema: 1,
    verdict: verdictWord(checks, reasons),
    reasons,
    subject: { image, modelDigest, before: seen(before), after: seen(after) },
    champion,
    data,
    policy: policyDigest(policy),
    checks,
    evaluation: evaluated.digest,
    at,
  };
  const body = verdict as unknown as Json;
  const digest = await evidence.attach({ kind: "verdict", image, modelDigest, at, by: source, body }, signal);
  return { verdict, digest };
}

/** What was seen, without what a platform says besides. */
const seen = ({ image, modelDigest }: Seen): Seen => ({ image, modelDigest });

/** Why the evidence around the evaluation does not carry a verdict. */
async function missingProof({ release, evaluated, evidence, signal }: GateOptions): Promise<string[]> {
  const newest = async (kind: EvidenceKind): Promise<StoredEvidence | undefined> =>
    (await evidence.list(release.image, kind, signal))[0];
  const proofs = { validation: await newest("validation"), smoke: await newest("smoke") };
  const evaluation = await newest("evaluation");
  const found = Object.entries({ ...proofs, evaluation });
  return [
    ...found.filter(([, proof]) => !proof).map(([kind]) => `the release has no ${kind} evidence`),
    ...found
      .filter(([, proof]) => proof && proof.modelDigest !== release.model.digest)
      .map(([kind, proof]) => `the ${kind} evidence is about the model ${proof?.modelDigest}`),
    ...(proofs.smoke && !hasPassed(proofs.smoke.body) ? ["the newest smoke test of the release did not pass"] : []),
    ...(evaluation && evaluation.digest !== evaluated.digest
      ? ["the evaluation that was judged is not the newest of the release"]
      : []),
  ];
}

/** Whether a smoke report says that it passed, and every required step of it was well. */
function hasPassed(body: Json): boolean {
  const report = body as unknown as Partial<SmokeReport> | null;
  if (report?.passed !== true || !Array.isArray(report.steps) || report.steps.length === 0) return false;
  return (report as SmokeReport).steps.every((step) => step?.ok === true || step?.level === "advisory");
}

const strangers = ({ before, after }: Evaluated, release: Release): string[] =>
  [before, after]
    .filter((ran) => !isSame(ran, seenOf(release)))
    .map((ran) => `the endpoint ran ${formatSeen(ran)} during the evaluation, not the release`);
