import { approvalIssue } from "../domain/approval/receipt.ts";
import type { ApprovalRule } from "../domain/approval.ts";
import type { Digest } from "../domain/digest.ts";
import { formatImage, type Image } from "../domain/image.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import { emptyOutcome, type Outcome, type Section } from "../domain/outcome.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import { type Approval, approval, type Withheld } from "../stages/approve.ts";
import type { Changed } from "../stages/change.ts";
import type { Workshop } from "./workshop.ts";

/** What is to be promoted, and whether on a policy looser than the protected branch's. */
interface Promotion {
  environment: string;
  release: Release;
  reason: string;
  policyLoosened: boolean;
  /** Who may agree; null when the configuration does not say. */
  rule: ApprovalRule | null;
}

/**
 * A request that a comment started is about what its issue asks about, where it does not say itself.
 * @throws UserError `promote.approval` when the issue is no request of modelgate's, or about another environment.
 */
export async function resumedRequest(
  { approvals, host }: Workshop,
  request: Request,
  signal: AbortSignal,
): Promise<Request> {
  const { approvalIssue: issue } = host;
  if (issue === null) return request;
  const reason = request.reason || `agreed to in issue ${issue}`;
  if (request.image !== null && request.environment !== null) return { ...request, reason };
  const found = approvals && (await approvals.read(issue, signal));
  if (!found)
    throw stray(
      approvals
        ? `issue ${issue} is no request of modelgate's, or its text was changed`
        : `there is no token to read issue ${issue} with`,
      "A comment goes on with the promotion its issue asks about, and with nothing else: docs/approval.md has the workflow.",
    );
  const { environment, image } = found.subject;
  if (request.environment !== null && request.environment !== environment)
    throw stray(
      `issue ${issue} asks about ${environment}, and this run is about ${request.environment}`,
      "With several environments let each caller's job look at the issue's title: docs/approval.md has the line.",
    );
  return { ...request, reason, environment, image: request.image ?? formatImage(image) };
}

const stray = (message: string, hint: string): UserError =>
  new UserError([{ code: "promote.approval", message, hint }]);

/** Asks whoever has to agree to a promotion on a verdict. */
export const approveWith =
  (shop: Workshop, { environment, release, reason, policyLoosened, rule }: Promotion) =>
  async (evidence: Digest, entries: readonly LedgerEntry[], signal: AbortSignal): Promise<Approval> =>
    approval({
      subject: { environment, image: release.image, evidence, policyLoosened },
      model: release.model.name,
      reason,
      rule,
      approvals: shop.approvals,
      actor: shop.host.source.actor,
      origin: await originOf(shop, release.image, evidence, signal),
      issue: shop.host.approvalIssue,
      entries,
      clock: shop.clock,
      signal,
    });

/** Who made the verdict, and of which commit. */
async function originOf(shop: Workshop, image: Image, verdict: Digest, signal: AbortSignal) {
  const statements = await shop.evidence.list(image, "verdict", signal);
  const { actor, commit } = statements.find(({ digest }) => digest === verdict)?.by ?? shop.host.source;
  return { actor, commit };
}

/** What a promotion that may not go on comes to: it waits, or somebody rejected it, which closes the issue. */
export async function withheldOutcome(
  shop: Workshop,
  { environment, release }: Pick<Promotion, "environment" | "release">,
  withheld: Withheld,
  signal: AbortSignal,
): Promise<Outcome> {
  const image = formatImage(release.image);
  const base = {
    ...emptyOutcome,
    command: "promote" as const,
    environment,
    model: release.model,
    image: release.image,
  };
  const { number, url } = withheld;
  if (withheld.state === "waiting") {
    const { missing } = withheld;
    const headline = `${environment} waits for ${missing} approval${missing === 1 ? "" : "s"}: ${url}`;
    return { ...base, verdict: "inconclusive", headline, sections: [waitingSection(withheld)] };
  }
  const { login } = withheld.by;
  await tell(shop, number, `Rejected by @${login}. Nothing was changed in ${environment}.${byRun(shop)}`, signal);
  const headline = `${login} rejected the promotion of ${image} to ${environment}: ${url}`;
  return { ...base, verdict: "fail", headline };
}

const waitingSection = ({ url, line, refused }: Extract<Withheld, { state: "waiting" }>): Section => ({
  title: "Approval",
  columns: ["", ""],
  rows: [
    ["issue", url],
    ["line to write", line],
  ],
  notes: refused.map(({ commentId, login, why }) => `The comment ${commentId} of ${login} does not count: ${why}.`),
});

/** Says in the issue by which a release was approved what was done, and closes it. A run that was killed before is made up for. */
export async function closeRequest(
  shop: Workshop,
  environment: string,
  { release, approval: id }: Changed,
  signal: AbortSignal,
): Promise<void> {
  const issue = id === null ? null : approvalIssue(id);
  if (issue === null) return;
  const text = `Promoted: ${environment} runs \`${formatImage(release.image)}\`. The approval is spent.${byRun(shop)}`;
  await tell(shop, issue, text, signal);
}

const byRun = ({ host }: Workshop): string => (host.source.run ? `\n\n${host.source.run}` : "");

/** The promotion stands, or does not, whether the issue can be closed or not. */
async function tell({ approvals, host }: Workshop, issue: number, text: string, signal: AbortSignal): Promise<void> {
  try {
    await approvals?.close(issue, text, signal);
  } catch (error) {
    if (error instanceof UserError) error.problems.forEach((problem) => host.warn(problem));
    else if (error instanceof WorldError) host.warn(error.problem);
    else throw error;
  }
}
