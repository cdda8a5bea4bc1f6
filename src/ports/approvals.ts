import type { Comment } from "../domain/approval/comment.ts";
import type { ApprovalRequest, ApprovalSubject } from "../domain/approval.ts";

/** An issue in which somebody is asked to agree. */
export interface AskedRequest {
  number: number;
  url: string;
  /** Who asked and when (ISO 8601, UTC), from a comment of modelgate's own that nobody edited; null when there is none any more. */
  asked: { by: string; at: string } | null;
}

/** Where people are asked to agree to a promotion. All that is read from it is a claim until the domain has judged it. */
export interface Approvals {
  /**
   * Asks, once: the open issue about the same subject, which modelgate made, is found again with who asked first.
   * @throws UserError `github.permission`, with the permission that is missing; WorldError `github.unavailable`.
   */
  request(request: ApprovalRequest, signal: AbortSignal): Promise<AskedRequest>;
  /** Reads an issue; null unless modelgate made it and its text is a request that nobody changed. Nothing is written. */
  read(
    number: number,
    signal: AbortSignal,
  ): Promise<{ subject: ApprovalSubject; request: AskedRequest; isOpen: boolean } | null>;
  /** All comments of an issue, oldest first. */
  comments(number: number, signal: AbortSignal): Promise<readonly Comment[]>;
  /** Says what was done and closes the issue; nothing when it is closed already. */
  close(number: number, text: string, signal: AbortSignal): Promise<void>;
}

/** Who wrote a commit, as accounts. */
export interface CommitAuthors {
  /** The author and committer, and of a merge the authors of what was merged; none when nobody knows. */
  authors(commit: string, signal: AbortSignal): Promise<readonly string[]>;
}
