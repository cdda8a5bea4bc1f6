import { describe, expect, test } from "vitest";
import { judgeComments } from "../../src/domain/approval/judge.ts";
import { approvalHash, approveLine, requestBody } from "../../src/domain/approval.ts";
import { sha256 } from "../../src/domain/digest.ts";
import type { Approvals, CommitAuthors } from "../../src/ports/approvals.ts";
import { requestOf } from "../fakes/approval-request.ts";

const { signal } = new AbortController();

/** A repository with people in it. */
export interface World {
  approvals: Approvals & CommitAuthors;
  /** Somebody writes a comment. @returns its id */
  say(issue: number, login: string, body: string): Promise<number>;
  /** Somebody opens an issue that carries the label of requests. @returns its number */
  open(login: string, body: string): Promise<number>;
  editComment(issue: number, comment: number, body: string): Promise<void>;
  editIssue(issue: number, body: string): Promise<void>;
  isOpen(issue: number): boolean;
  setCommit(sha: string, logins: readonly string[]): void;
}

/** What every place to ask in does. */
export function approvalsContract(name: string, make: () => Promise<World>): void {
  describe(`approvals ${name}`, () => {
    const request = requestOf({ requestedAt: new Date().toISOString() });

    test("a request is an open issue that says who asked, and reads back as what it asks about", async () => {
      const { approvals } = await make();
      const { number, url, asked } = await approvals.request(request, signal);
      expect(url).toContain(`/issues/${number}`);
      expect(asked).toMatchObject({ by: "ada" });
      expect(Number.isNaN(Date.parse(asked!.at))).toBe(false);
      const found = await approvals.read(number, signal);
      expect(found).toMatchObject({ isOpen: true, request: { number, url, asked } });
      expect(approvalHash(found!.subject)).toBe(approvalHash(request));
    });

    test("asked again, by whomever, it is the same issue and the one who asked first", async () => {
      const { approvals } = await make();
      const first = await approvals.request(request, signal);
      expect(await approvals.request({ ...request, requestedBy: "grace" }, signal)).toEqual(first);
      expect((await approvals.comments(first.number, signal)).filter(({ bot }) => bot)).toHaveLength(1);
    });

    test("another subject is another issue", async () => {
      const { approvals } = await make();
      const first = await approvals.request(request, signal);
      const other = await approvals.request({ ...request, evidence: sha256("other") }, signal);
      expect(other.number).not.toBe(first.number);
    });

    test("a comment is read as it was written, and approves", async () => {
      const { approvals, say } = await make();
      const { number, asked } = await approvals.request(request, signal);
      const id = await say(number, "grace", approveLine(request));
      const comments = await approvals.comments(number, signal);
      const comment = comments.find((one) => one.id === id)!;
      expect(comment).toMatchObject({ login: "grace", bot: false, body: approveLine(request) });
      expect(comment.updatedAt).toBe(comment.createdAt);
      const options = { allowed: ["grace"], required: 1, now: new Date(), used: new Set<number>() };
      const judged = judgeComments({ ...request, requestedAt: asked!.at }, comments, options);
      expect(judged).toMatchObject({ approved: true, by: [{ commentId: id }] });
    });

    test("an edit shows, and so does a bot", async () => {
      const { approvals, say, editComment } = await make();
      const { number } = await approvals.request(request, signal);
      const [edited, bot] = [await say(number, "grace", "hm"), await say(number, "helper[bot]", approveLine(request))];
      await editComment(number, edited, approveLine(request));
      const comments = await approvals.comments(number, signal);
      const [one, other] = [edited, bot].map((id) => comments.find((comment) => comment.id === id)!);
      expect(one!.updatedAt).not.toBe(one!.createdAt);
      expect(other!.bot).toBe(true);
    });

    test("all comments are read, in order, however many there are", async () => {
      const { approvals, say } = await make();
      const { number } = await approvals.request(request, signal);
      const ids: number[] = [];
      for (let index = 0; index < 120; index++) ids.push(await say(number, "grace", `${index}`));
      const comments = await approvals.comments(number, signal);
      expect(comments.filter(({ login }) => login === "grace").map(({ id }) => id)).toEqual(ids);
    });

    test("an issue that somebody else opened is no request, and is not found for one", async () => {
      const { approvals, open } = await make();
      const forged = await open("mallory", requestBody(request));
      expect(await approvals.read(forged, signal)).toBeNull();
      expect((await approvals.request(request, signal)).number).not.toBe(forged);
      expect(await approvals.read(987, signal)).toBeNull();
    });

    test("an issue whose text was changed is no request", async () => {
      const { approvals, editIssue } = await make();
      const { number } = await approvals.request(request, signal);
      await editIssue(number, requestBody(request).replaceAll("production", "staging"));
      expect(await approvals.read(number, signal)).toBeNull();
      expect((await approvals.request(request, signal)).number).not.toBe(number);
    });

    test("when the comment that says who asked was edited, nobody is known to have asked", async () => {
      const { approvals, editComment } = await make();
      const { number } = await approvals.request(request, signal);
      const [record] = await approvals.comments(number, signal);
      await editComment(number, record!.id, record!.body.replace(":ada", ":mallory"));
      expect(await approvals.read(number, signal)).toMatchObject({ request: { asked: null } });
    });

    test("somebody else's comment never says who asked", async () => {
      const { approvals, say, editComment } = await make();
      const { number, asked } = await approvals.request(request, signal);
      const [record] = await approvals.comments(number, signal);
      await say(number, "mallory", record!.body.replace(":ada", ":nobody"));
      expect(await approvals.read(number, signal)).toMatchObject({ request: { asked } });
      await editComment(number, record!.id, "gone");
      expect(await approvals.read(number, signal)).toMatchObject({ request: { asked: null } });
    });

    test("closing says what was done, once; a new request is a new issue", async () => {
      const { approvals, isOpen } = await make();
      const { number } = await approvals.request(request, signal);
      await approvals.close(number, "Promoted.", signal);
      await approvals.close(number, "Promoted.", signal);
      expect(isOpen(number)).toBe(false);
      expect((await approvals.comments(number, signal)).filter(({ body }) => body === "Promoted.")).toHaveLength(1);
      expect(await approvals.read(number, signal)).toMatchObject({ isOpen: false });
      expect((await approvals.request(request, signal)).number).not.toBe(number);
    });

    test("a commit's authors are known, or nobody is", async () => {
      const { approvals, setCommit } = await make();
      setCommit("c0ffee", ["linus"]);
      expect(await approvals.authors("c0ffee", signal)).toEqual(["linus"]);
      expect(await approvals.authors("beef", signal)).toEqual([]);
    });
  });
}
