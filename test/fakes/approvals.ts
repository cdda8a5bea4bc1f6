import type { Comment } from "../../src/domain/approval/comment.ts";
import {
  type ApprovalRequest,
  approvalHash,
  readRecord,
  readRequest,
  recordText,
  requestBody,
} from "../../src/domain/approval.ts";
import type { Approvals, AskedRequest, CommitAuthors } from "../../src/ports/approvals.ts";
import type { Clock } from "../../src/ports/clock.ts";

interface FakeIssue {
  number: number;
  author: string;
  body: string;
  open: boolean;
  comments: Comment[];
}

/** Requests in memory, in the texts of the domain, with the comments that a test writes as people. */
export interface FakeApprovals extends Approvals, CommitAuthors {
  issues: FakeIssue[];
  /** Sha → accounts. */
  commits: Map<string, readonly string[]>;
  say(issue: number, login: string, body: string): Comment;
}

const own = "github-actions[bot]";

export function fakeApprovals(clock: Clock): FakeApprovals {
  const issues: FakeIssue[] = [];
  const commits = new Map<string, readonly string[]>();
  let last = 100;

  function at(number: number): FakeIssue {
    const issue = issues.find((one) => one.number === number);
    if (!issue) throw new Error(`there is no issue ${number}`);
    return issue;
  }

  function say(number: number, login: string, body: string): Comment {
    const now = clock.now().toISOString();
    const comment = { id: ++last, login, bot: login.endsWith("[bot]"), body, createdAt: now, updatedAt: now };
    at(number).comments.push(comment);
    return comment;
  }

  function open(request: ApprovalRequest): FakeIssue {
    const issue = { number: ++last, author: own, body: requestBody(request), open: true, comments: [] };
    issues.push(issue);
    return issue;
  }

  function asked({ number, comments, body }: FakeIssue): AskedRequest {
    const subject = readRequest(body)!;
    const record = comments.find(
      (one) => one.login === own && one.createdAt === one.updatedAt && readRecord(subject, one.body) !== null,
    );
    const url = `https://github.com/acme/models/issues/${number}`;
    return { number, url, asked: record ? { by: readRecord(subject, record.body)!, at: record.createdAt } : null };
  }

  return {
    issues,
    commits,
    say,
    async request(request) {
      const hash = approvalHash(request);
      const about = (body: string): string | null => {
        const subject = readRequest(body);
        return subject && approvalHash(subject);
      };
      const issue = issues.find((one) => one.open && one.author === own && about(one.body) === hash) ?? open(request);
      if (!asked(issue).asked) say(issue.number, own, recordText(request));
      return asked(issue);
    },
    async read(number) {
      const issue = issues.find((one) => one.number === number);
      const subject = issue && issue.author === own ? readRequest(issue.body) : null;
      return issue && subject ? { subject, request: asked(issue), isOpen: issue.open } : null;
    },
    async comments(number) {
      return at(number).comments;
    },
    async close(number, text) {
      const issue = at(number);
      if (!issue.open) return;
      say(number, own, text);
      issue.open = false;
    },
    async authors(commit) {
      return commits.get(commit) ?? [];
    },
  };
}
