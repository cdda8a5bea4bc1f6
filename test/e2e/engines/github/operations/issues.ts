import type { Comment, Issue } from "../state.ts";
import { time } from "../state.ts";
import { type Call, notFound, type Operations, paged, said, unprocessable } from "./call.ts";
import { comment, issue, user } from "./views.ts";

/** GitHub refuses a longer body of an issue or a comment. */
const bodyLimit = 65_536;
const tooLong = unprocessable("body is too long (maximum is 65536 characters)");

const issueOf = ({ state, params }: Call): Issue | undefined =>
  state.issues.find(({ number }) => number === Number(params["issue_number"]));
const commentOf = ({ state, params }: Call): Comment | undefined =>
  state.comments.find(({ id }) => id === Number(params["comment_id"]));

/** An edit is always seen: GitHub's times have whole seconds, and tests edit within one. */
const later = (call: Call, created: string): string => {
  const now = call.state.now();
  return now > created ? now : time(new Date(Date.parse(created) + 1000));
};

const labelsOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.map((label: unknown) => (typeof label === "string" ? label : (label as { name: string }).name))
    : [];

const reaction = (call: Call, it: Call["state"]["reactions"][number]): object => ({
  id: it.id,
  node_id: `REA_${it.id}`,
  user: user(call, it.author),
  content: it.content,
  created_at: it.createdAt,
});

export const issues: Operations = {
  "issues/list-for-repo": (call) => {
    const { state = "open", labels, creator } = call.query;
    const list = call.state.issues.filter(
      (it) =>
        (state === "all" || it.state === state) &&
        (creator === undefined || it.author === creator) &&
        (labels?.split(",") ?? []).every((label) => it.labels.includes(label)),
    );
    return paged(call, list.toReversed(), (it) => issue(call, it));
  },
  "issues/create": (call) => {
    const { state } = call;
    const [body, now, id] = [said(call, "body", ""), state.now(), state.next()];
    if (body.length > bodyLimit) return tooLong;
    const created: Issue = {
      id,
      number: state.issues.reduce((most, { number }) => Math.max(most, number), 0) + 1,
      title: String(call.body["title"]),
      body,
      state: "open",
      reason: null,
      labels: labelsOf(call.body["labels"]),
      author: call.actor.login,
      createdAt: now,
      updatedAt: now,
      pullRequest: null,
    };
    state.issues.push(created);
    return { status: 201, body: issue(call, created) };
  },
  "issues/get": (call) => {
    const it = issueOf(call);
    return it ? { status: 200, body: issue(call, it) } : notFound;
  },
  "issues/update": (call) => {
    const it = issueOf(call);
    if (!it) return notFound;
    if (said(call, "body", "").length > bodyLimit) return tooLong;
    it.title = said(call, "title", it.title);
    it.body = said(call, "body", it.body);
    it.state = said(call, "state", it.state) === "closed" ? "closed" : "open";
    it.reason = it.state === "closed" ? said(call, "state_reason", "completed") : null;
    if (call.body["labels"] !== undefined) it.labels = labelsOf(call.body["labels"]);
    it.updatedAt = later(call, it.createdAt);
    return { status: 200, body: issue(call, it) };
  },
  "issues/list-comments": (call) => {
    const it = issueOf(call);
    if (!it) return notFound;
    const since = call.query["since"] ?? "";
    const list = call.state.comments.filter(({ issue: at, updatedAt }) => at === it.number && updatedAt >= since);
    return paged(call, list, (one) => comment(call, one));
  },
  "issues/create-comment": (call) => {
    const it = issueOf(call);
    if (!it) return notFound;
    const body = said(call, "body", "");
    if (body.length > bodyLimit) return tooLong;
    const now = call.state.now();
    const created: Comment = {
      id: call.state.next(),
      issue: it.number,
      body,
      author: call.actor.login,
      createdAt: now,
      updatedAt: now,
    };
    call.state.comments.push(created);
    return { status: 201, body: comment(call, created) };
  },
  "issues/get-comment": (call) => {
    const it = commentOf(call);
    return it ? { status: 200, body: comment(call, it) } : notFound;
  },
  "issues/update-comment": (call) => {
    const it = commentOf(call);
    if (!it) return notFound;
    const body = said(call, "body", "");
    if (body.length > bodyLimit) return tooLong;
    it.body = body;
    it.updatedAt = later(call, it.createdAt);
    return { status: 200, body: comment(call, it) };
  },
  "issues/delete-comment": (call) => {
    const it = commentOf(call);
    if (!it) return notFound;
    call.state.comments.splice(call.state.comments.indexOf(it), 1);
    return { status: 204 };
  },
  "reactions/list-for-issue-comment": (call) => {
    const it = commentOf(call);
    if (!it) return notFound;
    return paged(
      call,
      call.state.reactions.filter(({ comment: id }) => id === it.id),
      (one) => reaction(call, one),
    );
  },
  "reactions/create-for-issue-comment": (call) => {
    const it = commentOf(call);
    if (!it) return notFound;
    const content = said(call, "content", "");
    const same = call.state.reactions.find(
      (one) => one.comment === it.id && one.content === content && one.author === call.actor.login,
    );
    if (same) return { status: 200, body: reaction(call, same) };
    const created = {
      id: call.state.next(),
      comment: it.id,
      content,
      author: call.actor.login,
      createdAt: call.state.now(),
    };
    call.state.reactions.push(created);
    return { status: 201, body: reaction(call, created) };
  },
};
