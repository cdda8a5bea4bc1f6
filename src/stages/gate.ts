import type { Json } from "../domain/canonical.ts";
import type { Digest } from "../domain/digest.ts";
import { type Evaluation, evaluationFromJson } from "../domain/evaluation.ts";
import type { EvidenceKind } from "../domain/evidence.ts";
import { type DecisionContext, judge } from "../domain/gate/decide.ts";
import { selfTest } from "../domain/gate/self-test.ts";
import { formatImage } from "../domain/image.ts";
import type { PolicyComparison } from "../domain/loosened.ts";
import type { Observations } from "../domain/observations/observations.ts";
import { type Policy, policyDigest } from "../domain/policy.ts";
import { UserError } from "../domain/problem.ts";
import type { Release, Source } from "../domain/release.ts";
import { hasPassed } from "../domain/smoke.ts";
import { distrust, isTrusted } from "../domain/stated.ts";
import { type BaselineVerdict, isSame, readVerdict, type Verdict, verdictWord } from "../domain/verdict.ts";
import type { Clock } from "../ports/clock.ts";
import type { EvidenceStore, StoredEvidence } from "../ports/evidence-store.ts";
import { formatSeen, seenOf } from "./deploy.ts";

export interface GateOptions {
  release: Release;
  policy: Policy;
  /** The policy of the protected branch, and how this one lies to it; null where it is not known. */
  baseline: Baseline | null;
  evidence: EvidenceStore;
  /** Whether the evidence must be signed. */
  signed: boolean;
  clock: Clock;
  source: Source;
  /** One sentence on evidence that does not count. */
  note(text: string): void;
  signal: AbortSignal;
}

interface Baseline {
  branch: string;
  policy: Policy;
  comparison: PolicyComparison;
}

export interface Gated {
  verdict: Verdict;
  /** Digest of the verdict statement. */
  digest: Digest;
  evaluation: Evaluation;
}

/**
 * Judges the newest evaluation of a release by a policy and attaches the verdict. Without a passed smoke test and a validation
 * of exactly this release, or when the endpoint ran something else, the verdict is an error with its reasons. Evidence of strangers
 * is as good as none.
 * @throws UserError `gate.no-evaluation`, `release.unreadable`.
 */
export async function gate(options: GateOptions): Promise<Gated> {
  const { release, policy, evidence, clock, source, signal } = options;
  const { image, modelDigest } = seenOf(release);
  const statement = await newestEvaluation(options);
  const evaluation = evaluationFromJson(statement.body);
  const { subject, champion, data, observations } = evaluation;
  const seeds = { candidate: image.digest, champion: champion.image?.digest ?? null, data: data.digest };
  const context = { seeds, firstPromotion: policy.firstPromotion };
  const { checks } = judge(policy.checks, observations, context);
  const reasons = [
    ...strangers(statement, evaluation, release),
    ...(await missingProof(options)),
    ...selfTest(policy.checks, observations, context).map(({ sentence }) => sentence),
  ];
  const at = clock.now().toISOString();
  const verdict: Verdict = {
    schema: 1,
    verdict: verdictWord(checks, reasons),
    reasons,
    subject: { image, modelDigest, ...subject },
    champion,
    data,
    policy: policyDigest(policy),
    baseline: options.baseline && underBaseline(options.baseline, observations, context),
    checks,
    ...(observations.load?.attempts && { attempts: observations.load.attempts }),
    evaluation: statement.digest,
    at,
  };
  const body = verdict as unknown as Json;
  readVerdict(body);
  const digest = await evidence.attach({ kind: "verdict", image, modelDigest, at, by: source, body }, signal);
  return { verdict, digest, evaluation };
}

/** What the protected branch's policy says of the same results. */
function underBaseline(
  { branch, policy, comparison }: Baseline,
  observations: Observations,
  { seeds }: DecisionContext,
): BaselineVerdict {
  const { verdict } = judge(policy.checks, observations, { seeds, firstPromotion: policy.firstPromotion });
  const findings = comparison.findings.map(({ direction, sentence }) => `${direction}: ${sentence}`);
  return { branch, policy: policyDigest(policy), relation: comparison.relation, verdict, findings };
}

/** The newest statement of a kind that counts; the ones that do not are noted. */
async function newestTrusted(kind: EvidenceKind, options: GateOptions): Promise<StoredEvidence | undefined> {
  const { release, evidence, signed, note, signal } = options;
  const stored = await evidence.list(release.image, kind, signal);
  for (const stranger of stored.filter((one) => !isTrusted(one, signed))) note(distrust(stranger, kind).message);
  return stored.find((one) => isTrusted(one, signed));
}

async function newestEvaluation(options: GateOptions): Promise<StoredEvidence> {
  const newest = await newestTrusted("evaluation", options);
  if (newest) return newest;
  const message = `there is no evaluation of ${formatImage(options.release.image)} to judge`;
  throw new UserError([{ code: "gate.no-evaluation", message, hint: "Run modelgate evaluate for this image first." }]);
}

/** Ways in which the evaluation is not about this release. */
function strangers(statement: StoredEvidence, { subject }: Evaluation, release: Release): string[] {
  const own = seenOf(release);
  const ran = [subject.before, subject.after].filter((seen) => !isSame(seen, own));
  return [
    ...(statement.modelDigest === own.modelDigest
      ? []
      : [`the evaluation is about the model ${statement.modelDigest}`]),
    ...ran.map((seen) => `the endpoint ran ${formatSeen(seen)} during the evaluation, not the release`),
  ];
}

/** Why the evidence beside the evaluation does not carry a verdict. */
async function missingProof(options: GateOptions): Promise<string[]> {
  const validation = await newestTrusted("validation", options);
  const smoke = await newestTrusted("smoke", options);
  const about = (kind: string, proof: StoredEvidence | undefined): string[] => {
    if (!proof) return [`the release has no ${kind} evidence`];
    const own = proof.modelDigest === options.release.model.digest;
    return own ? [] : [`the ${kind} evidence is about the model ${proof.modelDigest}`];
  };
  const failed = smoke && !hasPassed(smoke.body) ? ["the newest smoke test of the release did not pass"] : [];
  return [...about("validation", validation), ...about("smoke", smoke), ...failed];
}
