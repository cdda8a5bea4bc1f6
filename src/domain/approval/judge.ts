import { type ApprovalRequest, approvalHash } from "../approval.ts";
import { hex } from "../digest.ts";
import { type Comment, readComment } from "./comment.ts";

/** A comment that counts. */
export interface Agreed {
  login: string;
  commentId: number;
  at: string;
}

/** What the comments below a request come to. */
export interface Judged {
  /** Whether enough people agree and nobody rejected it. */
  approved: boolean;
  /** The comments that count, oldest first, no more of them than it takes. */
  by: readonly Agreed[];
  rejected: Agreed | null;
  /** Comments that were meant as an approval or a rejection and do not count, each with the reason. */
  refused: readonly { commentId: number; login: string; why: string }[];
}

export interface JudgeOptions {
  /** Accounts whose word counts. */
  allowed: readonly string[];
  /** How many of them have to agree. */
  required: number;
  now: Date;
  /** Ids of comments that carried a promotion already. */
  used: ReadonlySet<number>;
}

/** GitHub's own form, and that of managed users. Nothing else can be an account, whatever it looks like. */
const account = /^[a-z\d](?:[a-z\d_-]*[a-z\d])?$/;

/** An account's name to compare by: letters of other scripts are never folded into ASCII. */
const folded = (login: string): string => login.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether two names are of one account. */
export const isSameAccount = (one: string, other: string): boolean => folded(one) === folded(other);

const isOn = (list: readonly string[], login: string): boolean =>
  account.test(folded(login)) && list.some((name) => isSameAccount(name, login));

/** Whether an account is a bot's by its name. */
export const isBotLogin = (login: string): boolean => login.endsWith("[bot]");

/** Decides what the comments below a request come to. Every comment is judged alone, then no person counts twice. */
export function judgeComments(request: ApprovalRequest, comments: readonly Comment[], options: JudgeOptions): Judged {
  const by: Agreed[] = [];
  const refused: { commentId: number; login: string; why: string }[] = [];
  let rejected: Agreed | null = null;
  for (const comment of comments.toSorted((a, b) => a.id - b.id)) {
    const said = readComment(comment.body);
    if (said === null) continue;
    const { id: commentId, login, createdAt: at } = comment;
    const why =
      said.word === "reject"
        ? rejectionFault(request, comment, options)
        : said.word === "unclear"
          ? said.why
          : (approvalFault(request, comment, said.hash, options) ?? repeated(by, login));
    if (why !== null) refused.push({ commentId, login, why });
    else if (said.word === "reject") rejected ??= { login, commentId, at };
    else by.push({ login, commentId, at });
  }
  const enough = Number.isInteger(options.required) && by.length >= options.required;
  return { approved: enough && rejected === null, by: by.slice(0, Math.max(0, options.required)), rejected, refused };
}

const repeated = (by: readonly Agreed[], login: string): string | null =>
  by.some((agreed) => isSameAccount(agreed.login, login)) ? `${login} agreed already, and counts once` : null;

/** Why a comment may say nothing at all here; null when it may. */
function strangerFault({ login, bot }: Comment, { allowed }: JudgeOptions): string | null {
  if (bot || isBotLogin(login)) return "a bot wrote it";
  return isOn(allowed, login) ? null : `${login || "a deleted account"} is not on the list`;
}

const isBefore = ({ requestedAt }: ApprovalRequest, { createdAt }: Comment): boolean =>
  !(Date.parse(createdAt) >= Date.parse(requestedAt));

/** Why a rejection does not count. It may be of anyone on the list, edited or old: it allows nothing. */
const rejectionFault = (request: ApprovalRequest, comment: Comment, options: JudgeOptions): string | null =>
  strangerFault(comment, options) ?? (isBefore(request, comment) ? "it was written before the request" : null);

/** Why an approval does not count. Each comparison is written so that a time that cannot be read is a fault. */
function approvalFault(request: ApprovalRequest, comment: Comment, hash: string, options: JudgeOptions): string | null {
  const stranger = strangerFault(comment, options);
  if (stranger !== null) return stranger;
  const { login, id, createdAt, updatedAt } = comment;
  if (isSameAccount(login, request.requestedBy)) return `${login} asked for the promotion`;
  if (request.authors.some((author) => isSameAccount(author, login))) return `${login} wrote the commit`;
  if (hash !== hex(approvalHash(request))) return hash === "" ? "it names no hash" : "its hash is not this request's";
  if (updatedAt !== createdAt) return "it was edited";
  if (isBefore(request, comment)) return "it was written before the request";
  if (!(options.now.getTime() - Date.parse(createdAt) < request.expiresMilliseconds)) return "it has expired";
  return options.used.has(id) ? "it carried a promotion already" : null;
}
