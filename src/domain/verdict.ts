import type { Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import { statusOfAny } from "./gate/any-of.ts";
import type { CheckResult, ComparisonResult } from "./gate/result.ts";
import { verdictOf, type Verdict as Word } from "./gate/verdict.ts";
import type { Image } from "./image.ts";
import type { Relation } from "./loosened.ts";
import type { LoadAttempt } from "./observations/observations.ts";
import { type Problem, UserError } from "./problem.ts";
import type { Running } from "./release.ts";
import {
  count,
  digest,
  instant,
  list,
  number,
  object,
  oneOf,
  optional,
  orNull,
  repository,
  type Shape,
  text,
  truth,
} from "./shape.ts";

/** The body of verdict evidence: what was judged, against what, on which data, by which policy. */
export interface Verdict {
  schema: 1;
  verdict: Word;
  /** Why it is an error whatever the checks say: proof that is missing, did not pass or is about something else. */
  reasons: readonly string[];
  /** `before` and `after`: what the platform said ran when the evaluation began and ended. */
  subject: { image: Image; modelDigest: Digest; before: Seen; after: Seen };
  /** `source`: where the champion's answers came from, or `none`. */
  champion: { image: Image | null; source: string };
  data: { digest: Digest; rows: number };
  /** Digest of the policy. */
  policy: Digest;
  /** What the policy of the protected branch says of the same results; null where it is not known. */
  baseline: BaselineVerdict | null;
  checks: readonly CheckResult[];
  /** What the load runs before the one that counts came to; absent: there was none. */
  attempts?: readonly LoadAttempt[];
  /** Digest of the evaluation statement the numbers were read from. */
  evaluation: Digest;
  /** ISO 8601, UTC. */
  at: string;
}

/** The verdict under the policy of the protected branch, and how the policy in force differs from it. */
export interface BaselineVerdict {
  branch: string;
  policy: Digest;
  relation: Relation;
  verdict: Word;
  findings: readonly string[];
}

/** What a platform said was running. */
export type Seen = Pick<Running, "image" | "modelDigest">;

/** Whether two things are the same image with the same model bytes in it. The repository may differ: a copy is the same. */
export const isSame = (a: Seen, b: Seen): boolean =>
  a.image.digest === b.image.digest && a.modelDigest === b.modelDigest;

/** The word over checks and reasons: a failed check stays `fail`, and with a reason nothing else is better than `error`. */
export const verdictWord = (checks: readonly CheckResult[], reasons: readonly string[]): Word => {
  const judged = verdictOf(checks);
  return reasons.length > 0 && judged !== "fail" ? "error" : judged;
};

const status = oneOf("pass", "fail", "inconclusive", "error", "skipped");
const image = object({ repository, digest });
const seen = object({ image, modelDigest: digest });
const [maybeNumber, maybeText] = [orNull(number), orNull(text)];

const found = {
  status,
  reason: maybeText,
  n: maybeNumber,
  rows: maybeNumber,
  value: maybeNumber,
  ref: maybeNumber,
  estimate: maybeNumber,
  lower: maybeNumber,
  upper: maybeNumber,
  method: maybeText,
  B: maybeNumber,
  seed: maybeText,
  needsN: maybeNumber,
};
type SliceResult = NonNullable<CheckResult["slices"]>["judged"][number];
const sliceShape = {
  ...found,
  name: text,
  adjusted: maybeNumber,
  discovered: maybeNumber,
  failed: truth,
} satisfies Record<keyof SliceResult, Shape>;
const slicesShape = {
  judged: list(object(sliceShape)),
  small: list(object({ name: text, n: count })),
  pooled: orNull(object({ n: count, value: number, ref: maybeNumber })),
} satisfies Record<keyof NonNullable<CheckResult["slices"]>, Shape>;
const comparisonShape = {
  ...found,
  text,
  bound: maybeNumber,
  discordant: orNull(list(count)),
  tail: maybeNumber,
  tests: list(object({ name: text, p: number })),
  unit: text,
  confidence: maybeNumber,
  slices: orNull(object(slicesShape)),
  sentence: text,
} satisfies Record<keyof ComparisonResult, Shape>;
const checkShape = {
  ...comparisonShape,
  severity: oneOf("required", "advisory"),
  onInconclusive: oneOf("block", "allow"),
  members: orNull(list(object(comparisonShape))),
} satisfies Record<keyof CheckResult, Shape>;
const baselineShape = {
  branch: text,
  policy: digest,
  relation: oneOf("equal", "tighter", "looser", "incomparable"),
  verdict: oneOf("pass", "fail", "inconclusive", "error"),
  findings: list(text),
} satisfies Record<keyof BaselineVerdict, Shape>;
const verdictShape = {
  schema: oneOf(1),
  verdict: oneOf("pass", "fail", "inconclusive", "error"),
  reasons: list(text),
  subject: object({ image, modelDigest: digest, before: seen, after: seen }),
  champion: object({ image: orNull(image), source: text }),
  data: object({ digest, rows: count }),
  policy: digest,
  baseline: orNull(object(baselineShape)),
  checks: list(object(checkShape)),
  attempts: optional(list(object({ checks: list(object({ text, status: text, value: maybeNumber })) }))),
  evaluation: digest,
  at: instant,
} satisfies Record<keyof Verdict, Shape>;

/**
 * Reads the body of verdict evidence. A verdict whose word is not the one its own checks and reasons give is not readable, nor
 * one with a check whose status is not its members'.
 * @param what names it in messages.
 * @throws UserError `release.unreadable` with the place in the body.
 */
export function readVerdict(body: Json, what = "the verdict"): Verdict {
  try {
    object(verdictShape)(body, "verdict");
    const verdict = body as unknown as Verdict;
    const word = verdictWord(verdict.checks, verdict.reasons);
    for (const { text: name, status: said, members } of verdict.checks)
      if (members && statusOfAny(members).status !== said)
        throw new RangeError(`${name} says ${said}, and its members say ${statusOfAny(members).status}`);
    if (verdict.verdict !== word)
      throw new RangeError(`verdict.verdict says ${verdict.verdict}, and its checks say ${word}`);
    return verdict;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const hint =
      "Another version may have written it, or somebody changed it. Run modelgate run again for a verdict of this version.";
    throw new UserError([{ code: "release.unreadable", message: `${what} cannot be read: ${error.message}`, hint }]);
  }
}

/** What a verdict must be about to count. */
export interface Expected extends Seen {
  policyDigest: Digest;
  dataDigest: Digest;
  maxAgeMs: number;
  now: Date;
}

/** The verdict that counts among all of a release, newest first: the newest under this policy and on this data. */
export const verdictThatCounts = <T extends Pick<Verdict, "policy" | "data">>(
  verdicts: readonly T[],
  { policyDigest, dataDigest }: Pick<Expected, "policyDigest" | "dataDigest">,
): T | null =>
  verdicts.find(({ policy, data }) => policy === policyDigest && data.digest === dataDigest) ?? verdicts[0] ?? null;

const clockTolerance = 5 * 60_000;
/** What to do for a verdict that counts. */
export const again = "Run modelgate run for this release, then promote.";

/** A duration in hours, as sentences say it. */
export const hours = (ms: number): string => `${Math.round(ms / 360_000) / 10} h`;

/** What is asked of a verdict, one by one. */
export type VerdictAspect = "subject" | "model" | "verdict" | "freshness" | "policy" | "data";

/** What keeps a verdict from being a pass for exactly this release, policy and data, now, by what was asked of it. Empty: it is one. */
export function verdictFindings(verdict: Verdict, expected: Expected): Record<VerdictAspect, readonly Problem[]> {
  const { subject, policy, data } = verdict;
  const ran = [subject.before, subject.after];
  return {
    subject: [
      ...foreign("image", subject.image.digest, expected.image.digest),
      ...ran.flatMap((one) => foreign("running image", one.image.digest, expected.image.digest)),
    ],
    model: [
      ...foreign("model", subject.modelDigest, expected.modelDigest),
      ...ran.flatMap((one) => foreign("running model", one.modelDigest, expected.modelDigest)),
    ],
    verdict: wordProblems(verdict),
    freshness: ageProblems(verdict, expected),
    policy: foreign("policy", policy, expected.policyDigest),
    data: foreign("data set", data.digest, expected.dataDigest),
  };
}

const foreign = (what: string, was: Digest, is: Digest): Problem[] =>
  was === is
    ? []
    : [
        {
          code: "promote.verdict-foreign",
          message: `the verdict is about another ${what}: ${was}, not ${is}`,
          hint: again,
        },
      ];

function wordProblems({ verdict, checks, reasons }: Verdict): Problem[] {
  if (verdict === "pass") return [];
  const because = [
    ...reasons,
    ...checks
      .filter((check) => check.severity === "required" && !["pass", "skipped"].includes(check.status))
      .map((check) => `${check.text}: ${check.sentence}`),
  ];
  const hint = "Only a release whose newest verdict is a pass can be promoted.";
  return [{ code: "promote.verdict-failed", message: [`the verdict is ${verdict}`, ...because].join("; "), hint }];
}

function ageProblems({ at }: Verdict, { maxAgeMs, now }: Expected): Problem[] {
  const age = now.getTime() - Date.parse(at);
  const stale = (message: string, hint: string): Problem[] => [{ code: "promote.verdict-stale", message, hint }];
  if (age > maxAgeMs)
    return stale(`the verdict is ${hours(age)} old, and at most ${hours(maxAgeMs)} are allowed (${at})`, again);
  return age < -clockTolerance
    ? stale(`the verdict is dated in the future: ${at}`, "Set the clock of the machine that judged, and judge again.")
    : [];
}
