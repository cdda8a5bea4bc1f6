import fc from "fast-check";
import { expect, test } from "vitest";
import type { Comment } from "../../../src/domain/approval/comment.ts";
import { type JudgeOptions, judgeComments } from "../../../src/domain/approval/judge.ts";
import { approveLine } from "../../../src/domain/approval.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { requestOf } from "../../fakes/approval-request.ts";

const request = requestOf();
const at = "2026-11-23T12:05:00Z";
const written = (login: string, fields: Partial<Comment> = {}): Comment => ({
  id: 345,
  login,
  bot: false,
  body: approveLine(request),
  createdAt: at,
  updatedAt: at,
  ...fields,
});
const options: JudgeOptions = {
  allowed: ["grace", "heidi", "ada", "linus"],
  required: 1,
  now: new Date("2026-11-23T13:00:00Z"),
  used: new Set(),
};
const judge = (comments: readonly Comment[], fields: Partial<JudgeOptions> = {}) =>
  judgeComments(request, comments, { ...options, ...fields });
const whyOf = (comment: Comment, fields: Partial<JudgeOptions> = {}) => {
  const { approved, refused } = judge([comment], fields);
  return { approved, why: refused[0]?.why };
};

test("the line by somebody on the list approves", () => {
  expect(judge([written("grace")])).toEqual({
    approved: true,
    by: [{ login: "grace", commentId: 345, at }],
    rejected: null,
    refused: [],
  });
});

test("nobody said anything: not approved, and nothing refused", () => {
  expect(judge([])).toEqual({ approved: false, by: [], rejected: null, refused: [] });
  expect(judge([written("grace", { body: "Looks good." })]).refused).toEqual([]);
});

test("accounts are compared without case", () => {
  expect(judge([written("GRACE")]).approved).toBe(true);
  expect(judge([written("grace")], { allowed: ["Grace"] }).approved).toBe(true);
});

test.each([
  ["somebody else", written("mallory"), "mallory is not on the list"],
  ["a name that looks alike", written("grасe"), "grасe is not on the list"],
  ["a deleted account", written(""), "a deleted account is not on the list"],
  ["who asked", written("ada"), "ada asked for the promotion"],
  ["who asked, in capitals", written("ADA"), "ADA asked for the promotion"],
  ["who wrote the commit", written("Linus"), "Linus wrote the commit"],
  ["an app", written("grace", { bot: true }), "a bot wrote it"],
  ["a name of a bot", written("grace[bot]"), "a bot wrote it"],
  ["an edited comment", written("grace", { updatedAt: "2026-11-23T12:05:01Z" }), "it was edited"],
  ["a time of change that is missing", written("grace", { updatedAt: "" }), "it was edited"],
  [
    "a comment older than the request",
    written("grace", { createdAt: "2026-11-23T11:59:59Z", updatedAt: "2026-11-23T11:59:59Z" }),
    "it was written before the request",
  ],
  [
    "a time that cannot be read",
    written("grace", { createdAt: "soon", updatedAt: "soon" }),
    "it was written before the request",
  ],
  [
    "another image",
    written("grace", { body: approveLine(requestOf({ image: { ...request.image, digest: sha256("b") } })) }),
    "its hash is not this request's",
  ],
  [
    "another environment",
    written("grace", { body: approveLine(requestOf({ environment: "staging" })) }),
    "its hash is not this request's",
  ],
  [
    "other evidence",
    written("grace", { body: approveLine(requestOf({ evidence: sha256("b") })) }),
    "its hash is not this request's",
  ],
  [
    "a policy that was not loosened yet",
    written("grace", { body: approveLine(requestOf({ policyLoosened: true })) }),
    "its hash is not this request's",
  ],
  ["half a hash", written("grace", { body: approveLine(request).slice(0, 40) }), "its hash is not this request's"],
  [
    "a hash in capitals",
    written("grace", { body: `/approve ${approveLine(request).slice(9).toUpperCase()}` }),
    "its hash is not this request's",
  ],
  ["no hash", written("grace", { body: "/approve" }), "it names no hash"],
  ["a quote", written("grace", { body: `> ${approveLine(request)}` }), "it stands in a quote"],
  ["a code block", written("grace", { body: `\`\`\`\n${approveLine(request)}\n\`\`\`` }), "it stands in a code block"],
  [
    "the middle of a sentence",
    written("grace", { body: `I ${approveLine(request)}` }),
    "it is not on a line of its own",
  ],
])("%s is refused, with the reason", (_, comment, why) => {
  expect(whyOf(comment)).toEqual({ approved: false, why });
});

test("letters of other scripts are never taken for ASCII ones, whatever lower case makes of them", () => {
  // The Kelvin sign in lower case is the letter k, and the long s in upper case is S.
  expect("\u212Aarl".toLowerCase()).toBe("karl");
  for (const login of ["\u212Aarl", "karl\u200B", "ſam", " karl"])
    expect(judge([written(login)], { allowed: ["karl", "sam", login] }).approved).toBe(false);
});

test("an approval counts until it expires, and not in that moment", () => {
  const after = (hours: number, ms = 0) => new Date(Date.parse(at) + hours * 3_600_000 + ms);
  expect(whyOf(written("grace"), { now: after(24, -1) }).approved).toBe(true);
  expect(whyOf(written("grace"), { now: after(24) })).toEqual({ approved: false, why: "it has expired" });
  expect(whyOf(written("grace"), { now: new Date(Number.NaN) })).toEqual({ approved: false, why: "it has expired" });
});

test("a comment that carried a promotion carries no other, and a new one does", () => {
  const used = new Set([345]);
  expect(whyOf(written("grace"), { used })).toEqual({ approved: false, why: "it carried a promotion already" });
  expect(judge([written("grace"), written("grace", { id: 346 })], { used }).by).toEqual([
    { login: "grace", commentId: 346, at },
  ]);
});

test("a second comment by the same person counts for nothing", () => {
  const judged = judge([written("grace"), written("GRACE", { id: 346 })], { required: 2 });
  expect(judged).toMatchObject({
    approved: false,
    by: [{ login: "grace" }],
    refused: [{ commentId: 346, why: "GRACE agreed already, and counts once" }],
  });
});

test("two people make two approvals, and only as many are spent as it takes", () => {
  const both = [written("heidi", { id: 346 }), written("grace")];
  expect(judge(both, { required: 2 })).toMatchObject({ approved: true, by: [{ login: "grace" }, { login: "heidi" }] });
  expect(judge(both).by.map(({ login }) => login)).toEqual(["grace"]);
});

test("a refused comment does not stand in the way of a good one", () => {
  const edited = written("grace", { updatedAt: "2026-11-23T12:06:00Z" });
  const judged = judge([edited, written("grace", { id: 346 })]);
  expect(judged).toMatchObject({ approved: true, by: [{ commentId: 346 }], refused: [{ commentId: 345 }] });
});

test("a rejection by somebody on the list ends it, also after enough approvals, and by who asked", () => {
  for (const login of ["heidi", "ada"])
    expect(judge([written("grace"), written(login, { id: 346, body: "/reject" })])).toMatchObject({
      approved: false,
      rejected: { login, commentId: 346 },
    });
});

test("an edited or old rejection still rejects: it allows nothing", () => {
  const edited = written("heidi", { id: 346, body: "/reject", updatedAt: "2026-11-23T12:06:00Z" });
  expect(judge([written("grace"), edited], { now: new Date("2027-01-01T00:00:00Z") }).rejected?.login).toBe("heidi");
});

test("a rejection by a stranger, a bot, or before the request is refused", () => {
  const before = "2026-11-23T11:00:00Z";
  for (const comment of [
    written("mallory", { body: "/reject" }),
    written("heidi", { body: "/reject", bot: true }),
    written("heidi", { body: "/reject", createdAt: before, updatedAt: before }),
  ])
    expect(judge([comment, written("grace", { id: 346 })])).toMatchObject({
      approved: true,
      rejected: null,
      refused: [{ commentId: 345 }],
    });
});

test("a number of approvals that is none is never reached", () => {
  for (const required of [Number.NaN, Number.POSITIVE_INFINITY, 0.5])
    expect(judge([written("grace"), written("heidi", { id: 346 })], { required }).approved).toBe(false);
});

const anyComment = fc.record({
  id: fc.integer({ min: 1, max: 20 }),
  login: fc.constantFrom("grace", "GRACE", "heidi", "ada", "linus", "mallory", "dependabot[bot]", ""),
  bot: fc.boolean(),
  body: fc.constantFrom(
    approveLine(request),
    `ok\n${approveLine(request)}`,
    `> ${approveLine(request)}`,
    "/reject",
    "hi",
  ),
  createdAt: fc.constantFrom(at, "2026-11-23T11:00:00Z", "2026-11-21T12:00:00Z", ""),
  updatedAt: fc.constantFrom(at, "2026-11-23T11:00:00Z", "2026-11-21T12:00:00Z", ""),
});
const anyComments = fc.uniqueArray(anyComment, { selector: ({ id }) => id, maxLength: 10 });
const anyUsed = fc.array(fc.integer({ min: 1, max: 20 })).map((ids) => new Set(ids));

test("whatever is written: who counts is on the list, a person, another than who asked or wrote it, once", () => {
  fc.assert(
    fc.property(anyComments, fc.integer({ min: 1, max: 3 }), anyUsed, (comments, required, used) => {
      const { approved, by, rejected } = judge(comments, { required, used });
      const names = by.map(({ login }) => login.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      for (const { login, commentId } of by) {
        const comment = comments.find(({ id }) => id === commentId)!;
        expect(["grace", "heidi"]).toContain(login.toLowerCase());
        expect(comment).toMatchObject({ bot: false, createdAt: at, updatedAt: at });
        expect(used.has(commentId)).toBe(false);
      }
      expect(approved).toBe(by.length === required && rejected === null);
    }),
  );
});

test("in whatever order comments come, they come to the same", () => {
  fc.assert(
    fc.property(anyComments, anyUsed, (comments, used) => {
      expect(judge(comments.toReversed(), { used })).toEqual(judge(comments, { used }));
    }),
  );
});

test("a comment more by a stranger never changes what is approved", () => {
  fc.assert(
    fc.property(anyComments, anyComment, (comments, more) => {
      const stranger = { ...more, id: 99, login: "mallory" };
      const { refused: _, ...without } = judge(comments);
      expect(judge([...comments, stranger])).toMatchObject(without);
    }),
  );
});
