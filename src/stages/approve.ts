import { type Agreed, isBotLogin, type Judged, judgeComments } from "../domain/approval/judge.ts";
import { approvalComments, approvalId } from "../domain/approval/receipt.ts";
import {
  type ApprovalRequest,
  type ApprovalRule,
  type ApprovalSubject,
  approvalHash,
  approvalsRequired,
  approveLine,
} from "../domain/approval.ts";
import { formatImage } from "../domain/image.ts";
import { type LedgerEntry, usedApprovals } from "../domain/ledger.ts";
import { UserError } from "../domain/problem.ts";
import type { Approvals, AskedRequest, CommitAuthors } from "../ports/approvals.ts";
import type { Clock } from "../ports/clock.ts";

export interface ApprovalOptions {
  subject: ApprovalSubject;
  /** Name of the model, and why it is promoted: for the issue. */
  model: string;
  reason: string;
  /** Who may agree, and when it takes them; null when the configuration does not say. */
  rule: ApprovalRule | null;
  /** Null where there is no GitHub, or no token for it. */
  approvals: (Approvals & CommitAuthors) | null;
  /** The account that runs this. */
  actor: string;
  /** Who made the evidence, and of which commit. */
  origin: { actor: string; commit: string | null };
  /** The issue whose comment started this run; null when somebody asked for the promotion. */
  issue: number | null;
  /** The history of the environment: an approval in it is spent. */
  entries: readonly LedgerEntry[];
  clock: Clock;
  signal: AbortSignal;
}

/** Whether a promotion may go on. */
export type Approval =
  | { state: "not-needed" }
  /** `id` is kept in the ledger, by which the approval is spent. */
  | { state: "approved"; id: string }
  | Withheld;

/** Why a promotion may not go on. */
export type Withheld =
  /** `line` is what has to be written below the issue, by so many people more. */
  | { state: "waiting"; number: number; url: string; line: string; missing: number; refused: Judged["refused"] }
  | { state: "rejected"; number: number; url: string; by: Agreed };

/**
 * Finds out whether enough people agree to a promotion, and asks them where they do not. All comments are read again: what
 * started the run is believed in nothing.
 * @throws UserError `promote.approval` when it takes an approval, and there is nobody or no place to ask, or the request is gone.
 */
export async function approval(options: ApprovalOptions): Promise<Approval> {
  const { subject, clock, entries, issue, signal } = options;
  const required = approvalsRequired(options.rule, subject.policyLoosened);
  if (required === 0) return { state: "not-needed" };
  const { rule, approvals } = able(options, required);
  const draft = await drafted(options, rule, required, approvals);
  const asked =
    issue === null ? await approvals.request(draft, signal) : await resumed(subject, issue, approvals, signal);
  const { number, url } = asked;
  const request = { ...draft, ...askedFor(asked) };
  const comments = await approvals.comments(number, signal);
  const used = approvalComments(usedApprovals(entries));
  const judged = judgeComments(request, comments, { allowed: rule.by, required, now: clock.now(), used });
  if (judged.rejected) return { state: "rejected", number, url, by: judged.rejected };
  if (judged.approved) return { state: "approved", id: approvalId(number, judged.by) };
  const missing = required - judged.by.length;
  return { state: "waiting", number, url, line: approveLine(subject), missing, refused: judged.refused };
}

const problem = (message: string, hint: string): UserError =>
  new UserError([{ code: "promote.approval", message, hint }]);

/** Who can be asked, and where. */
function able(
  { subject, rule, approvals }: ApprovalOptions,
  required: number,
): { rule: ApprovalRule; approvals: Approvals & CommitAuthors } {
  const why = subject.policyLoosened
    ? "its policy is looser than the protected branch's"
    : "the configuration asks for it";
  const what = `a promotion to ${subject.environment} takes ${required} approval${required === 1 ? "" : "s"}: ${why}`;
  if (rule === null)
    throw problem(
      `${what}, and promotion.approval names nobody who could give it`,
      "Undo what loosens the policy, merge it into the protected branch first, or name people under promotion.approval.by.",
    );
  if (approvals === null)
    throw problem(
      `${what}, and there is no GitHub repository or no token to ask in`,
      "Run promote in a GitHub workflow with permissions: issues: write (docs/approval.md has it), with the input `token` not empty.",
    );
  return { rule, approvals };
}

/** The request as it would be asked now. Who made the evidence stands in for authors nobody knows, and for a bot that asks. */
async function drafted(
  { subject, model, reason, actor, origin, clock, signal }: ApprovalOptions,
  { by, expiresMilliseconds }: ApprovalRule,
  required: number,
  commits: CommitAuthors,
): Promise<ApprovalRequest> {
  const known = origin.commit === null ? [] : await commits.authors(origin.commit, signal);
  const people = known.filter((login) => !isBotLogin(login));
  const who = { requestedBy: actor, requestedAt: clock.now().toISOString() };
  const authors = people.length > 0 && !isBotLogin(actor) ? people : [...people, origin.actor];
  return { ...subject, model, reason, ...who, authors, allowed: by, required, expiresMilliseconds };
}

/** The request a comment was written in. It must be about this very promotion: what was agreed to is never stretched. */
async function resumed(
  subject: ApprovalSubject,
  issue: number,
  approvals: Approvals,
  signal: AbortSignal,
): Promise<AskedRequest> {
  const found = await approvals.read(issue, signal);
  if (!found?.isOpen)
    throw problem(
      `issue ${issue} is no open request of modelgate's, or its text was changed`,
      "Run promote again without a comment: it asks anew.",
    );
  if (approvalHash(found.subject) === approvalHash(subject)) return found.request;
  const named = ({ environment, image, evidence, policyLoosened }: ApprovalSubject): string =>
    `${formatImage(image)} for ${environment} on the evidence ${evidence}${policyLoosened ? ", with a loosened policy" : ""}`;
  throw problem(
    `issue ${issue} asks about ${named(found.subject)}; to be promoted is ${named(subject)}`,
    "Close that issue and run promote again: what changed has to be agreed to anew.",
  );
}

/** Who asked first. Without that nobody can be told apart from the one who asked, so nothing is approved. */
function askedFor({ number, asked }: AskedRequest): Pick<ApprovalRequest, "requestedBy" | "requestedAt"> {
  if (asked) return { requestedBy: asked.by, requestedAt: asked.at };
  throw problem(
    `the comment that says who asked in issue ${number} was removed or edited`,
    "Close that issue and run promote again: it asks anew.",
  );
}
