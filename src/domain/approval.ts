import { digestOf } from "./canonical.ts";
import { type Digest, hex, isDigest } from "./digest.ts";
import { formatImage, type Image, parseImage } from "./image.ts";

/** What is agreed to. An approval counts for exactly this and for nothing else. */
export interface ApprovalSubject {
  environment: string;
  image: Image;
  /** Digest of the verdict statement: by it policy, data and every measurement are bound. */
  evidence: Digest;
  /** Whether the policy is looser than the protected branch's: who agrees has to know it. */
  policyLoosened: boolean;
}

/** A promotion that somebody has to agree to. */
export interface ApprovalRequest extends ApprovalSubject {
  /** Name of the model. */
  model: string;
  reason: string;
  /** The account that asked for the promotion. */
  requestedBy: string;
  /** ISO 8601, UTC. */
  requestedAt: string;
  /** Accounts that wrote the commit the release was made from, as far as they are known. */
  authors: readonly string[];
  /** Accounts that may agree, and how many of them have to. */
  allowed: readonly string[];
  required: number;
  /** How long an approval counts after it was written. */
  expiresMilliseconds: number;
}

/** Who may agree, when it takes them, and for how long an approval counts. */
export interface ApprovalRule {
  by: readonly string[];
  required: "always" | "loosened";
  expiresMilliseconds: number;
}

/** How many people have to agree: a loosened policy takes one more than otherwise. */
export function approvalsRequired(rule: Pick<ApprovalRule, "required"> | null, policyLoosened: boolean): number {
  return (rule?.required === "always" ? 1 : 0) + (policyLoosened ? 1 : 0);
}

/** Binds environment, image, evidence and whether the policy was loosened. Whoever has it can recompute it. */
export const approvalHash = ({ environment, image, evidence, policyLoosened }: ApprovalSubject): Digest =>
  digestOf({ environment, image: formatImage(image), evidence, policyLoosened });

/**
 * The line that agrees. It carries all 64 digits of the hash: it is copied, never typed, and with fewer of them whoever makes
 * both releases could look for two that share the line.
 */
export const approveLine = (subject: ApprovalSubject): string => `/approve ${hex(approvalHash(subject))}`;

/** The label by which requests are found. It proves nothing. */
export const approvalLabel = "modelgate-approval";

/** Hidden in the issue's text; the whole text is checked against it. */
const approvalMarker = (subject: ApprovalSubject): string =>
  `<!-- modelgate:approval:${hex(approvalHash(subject))} -->`;

/** The issue's title. */
export const requestTitle = ({ model, environment, image }: ApprovalRequest): string =>
  `Approve ${model} for ${environment}: ${image.digest.slice(0, "sha256:".length + 12)}`;

const policyWords = { loosened: "loosened", kept: "not loosened" } as const;
const policyWord = ({ policyLoosened }: ApprovalSubject): string =>
  policyLoosened ? policyWords.loosened : policyWords.kept;

const hours = (milliseconds: number): string => `${Math.round(milliseconds / 360_000) / 10} h`;

/** Text from outside as Markdown that shows it and does nothing. */
const inert = (text: string): string =>
  text.replaceAll(/[\s\p{C}]/gu, " ").replaceAll(/[^\p{L}\p{N} .,:]/gu, (mark) => `&#${mark.codePointAt(0)};`);

/** The issue's text: what is agreed to, how, and by whom. {@link readRequest} reads it back. */
export function requestBody(request: ApprovalRequest): string {
  const { model, environment, image, evidence, allowed, required, reason, expiresMilliseconds } = request;
  const people = required === 1 ? "One person has" : `${required} people have`;
  return [
    approvalMarker(request),
    `**${inert(model)}** waits to be promoted to **${environment}**.`,
    "",
    "| | |",
    "| --- | --- |",
    `| environment | \`${environment}\` |`,
    `| image | \`${formatImage(image)}\` |`,
    `| evidence | \`${evidence}\` |`,
    `| policy | \`${policyWord(request)}\` |`,
    ...(reason === "" ? [] : [`| reason | ${inert(reason)} |`]),
    "",
    ...(request.policyLoosened
      ? ["**The policy is looser than the protected branch's.** What changed is in the pull request.", ""]
      : []),
    `${people} to agree, with a comment that has this line, as it is:`,
    "",
    "```",
    approveLine(request),
    "```",
    "",
    "`/reject` on a line of its own ends the request.",
    "",
    `It counts from ${allowed.map((login) => `@${login}`).join(", ")}, but not from who asked or wrote the commit;`,
    `for ${hours(expiresMilliseconds)}, once, and only as long as the comment is not edited. \`modelgate verify\` shows the evidence.`,
    "",
  ].join("\n");
}

const markerPattern = /<!-- modelgate:approval:([0-9a-f]{64}) -->/g;

/** The one value of a row of the issue's table. */
function cell(body: string, name: string): string | null {
  const found = [...body.matchAll(new RegExp(`^\\| ${name} \\| \`([^\`|]*)\` \\|\\r?$`, "gm"))];
  return found.length === 1 ? found[0]![1]! : null;
}

const imageOf = (text: string): Image | null => {
  try {
    return parseImage(text);
  } catch {
    return null;
  }
};

/** What an issue asks about; null when it is no request, or its text and its marker are not of each other. */
export function readRequest(body: string): ApprovalSubject | null {
  const markers = [...body.matchAll(markerPattern)];
  const [environment, named, evidence, policy] = ["environment", "image", "evidence", "policy"].map((name) =>
    cell(body, name),
  );
  const image = imageOf(named ?? "");
  if (markers.length !== 1 || !environment || !image || !evidence || !isDigest(evidence)) return null;
  if (policy !== policyWords.loosened && policy !== policyWords.kept) return null;
  const subject = { environment, image, evidence, policyLoosened: policy === policyWords.loosened };
  return hex(approvalHash(subject)) === markers[0]![1] ? subject : null;
}

const recordPattern = /^<!-- modelgate:requested:([0-9a-f]{64}):(\S+) -->/;

/**
 * The first comment of a request, by modelgate itself: who asked, and with its time when. The issue's own text may be edited
 * without a trace in the API, a comment not.
 */
export const recordText = (request: ApprovalRequest): string =>
  [
    `<!-- modelgate:requested:${hex(approvalHash(request))}:${request.requestedBy} -->`,
    `Asked for by ${inert(request.requestedBy)}.`,
    "",
  ].join("\n");

/** Who asked, when a comment's text says so for this subject; null otherwise. */
export function readRecord(subject: ApprovalSubject, text: string): string | null {
  const [, hash, login] = recordPattern.exec(text) ?? [];
  return hash === hex(approvalHash(subject)) ? login! : null;
}
