import type { Observations } from "../observations/observations.ts";
import { type Comparison, compare, type DecisionContext } from "./compare.ts";
import type { ComparisonResult, Status } from "./result.ts";

/** What is judged anew: a member at a confidence. */
type At = (member: Comparison, confidence: number) => ComparisonResult;

/**
 * Holm's correction (1979) on the passing side: of K members with a confidence each is held to 1 - alpha / K; when r of them
 * hold, the others are held to 1 - alpha / (K - r), and so on. Bounds at these confidences decide as Holm's adjusted p values
 * do, and do so for resampled bounds, load runs and slices, too. A member that fails keeps its own confidence: that all fail
 * needs no correction. A member that is skipped is not asked.
 */
function stepDown(members: readonly Comparison[], alone: readonly ComparisonResult[], at: At): ComparisonResult[] {
  const results = [...alone];
  const tried = members.flatMap(({ parsed }, index) =>
    parsed.confidence === null || alone[index]!.status === "skipped" ? [] : [index],
  );
  const open = new Set(tried.filter((index) => ["pass", "inconclusive"].includes(alone[index]!.status)));
  for (let left = tried.length, before = 0; left > 1 && left !== before; ) {
    before = left;
    for (const index of open) {
      const member = members[index]!;
      results[index] = at(member, 1 - (1 - member.parsed.confidence!) / before);
      if (results[index].status === "pass" && open.delete(index)) left--;
    }
    if (left === 1) for (const index of open) results[index] = alone[index]!;
  }
  return results;
}

/** The status over all members: one that holds is enough. A skipped member is left out. */
export function statusOfAny(members: readonly Pick<ComparisonResult, "status" | "reason">[]): {
  status: Status;
  reason: string | null;
} {
  if (members.some(({ status }) => status === "pass")) return { status: "pass", reason: null };
  const broken = members.find(({ status }) => status === "error");
  if (broken) return { status: "error", reason: broken.reason };
  const judged = members.filter(({ status }) => status !== "skipped");
  if (judged.length === 0) return { status: "skipped", reason: members[0]?.reason ?? null };
  if (judged.every(({ status }) => status === "fail")) return { status: "fail", reason: null };
  return { status: "inconclusive", reason: "no_member_shown" };
}

function sentenceOf(status: Status, members: readonly ComparisonResult[]): string {
  const told = (wanted: readonly Status[]): string =>
    members
      .filter((member) => wanted.includes(member.status))
      .map(({ text, sentence }) => `${text}: ${sentence}`)
      .join(" ");
  const many = members.length;
  const held = members.filter((member) => member.status === "pass").length;
  switch (status) {
    case "pass":
      return `${held} of ${many} ${held === 1 ? "is" : "are"} shown. ${told(["pass"])}`;
    case "fail":
      return `None of ${many} holds. ${told(["fail"])}`;
    case "skipped":
      return members[0]?.sentence ?? "";
    case "error":
      return `None of ${many} is shown. ${told(["error"])}`;
    case "inconclusive":
      return `None of ${many} is shown. ${told(["inconclusive", "fail"])}`;
  }
}

/** What was found of all members, and what a person reads. */
interface AnyOfFinding {
  status: Status;
  reason: string | null;
  members: readonly ComparisonResult[];
  sentence: string;
}

/**
 * Judges a check that at least one member must pass. Points count as they are; members with a confidence are corrected for
 * their number, because more members are more chances to pass by luck.
 */
export function judgeAnyOf(
  members: readonly Comparison[],
  observed: Observations,
  context: DecisionContext,
): AnyOfFinding {
  const alone = members.map((member) => compare(member, observed, context));
  const at: At = ({ text, parsed }, confidence) =>
    compare({ text, parsed: { ...parsed, confidence } }, observed, context);
  const judged = stepDown(members, alone, at);
  const { status, reason } = statusOfAny(judged);
  return { status, reason, members: judged, sentence: sentenceOf(status, judged) };
}
