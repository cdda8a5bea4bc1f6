import fc from "fast-check";
import { expect, test } from "vitest";
import { readComment } from "../../../src/domain/approval/comment.ts";
import { approvalComments, approvalId, approvalIssue } from "../../../src/domain/approval/receipt.ts";
import {
  type ApprovalSubject,
  approvalHash,
  approvalsRequired,
  approveLine,
  readRecord,
  readRequest,
  recordText,
  requestBody,
  requestTitle,
} from "../../../src/domain/approval.ts";
import { hex, sha256 } from "../../../src/domain/digest.ts";
import { requestOf } from "../../fakes/approval-request.ts";

const subjectOf = ({ environment, image, evidence, policyLoosened }: ApprovalSubject): ApprovalSubject => ({
  environment,
  image,
  evidence,
  policyLoosened,
});

test("the issue's text is read back as what it asks about", () => {
  for (const policyLoosened of [false, true]) {
    const request = requestOf({ policyLoosened });
    expect(readRequest(requestBody(request))).toEqual(subjectOf(request));
    expect(readRequest(requestBody(request).replaceAll("\n", "\r\n"))).toEqual(subjectOf(request));
  }
});

test("another environment, repository, image, evidence or looseness has another hash", () => {
  const all = [
    requestOf(),
    requestOf({ environment: "staging" }),
    requestOf({ image: { repository: "ghcr.io/acme/other", digest: sha256("image") } }),
    requestOf({ image: { repository: "ghcr.io/acme/digits", digest: sha256("other") } }),
    requestOf({ evidence: sha256("other") }),
    requestOf({ policyLoosened: true }),
  ];
  expect(new Set(all.map(approvalHash)).size).toBe(all.length);
});

test("who asked, when and why are not in the hash: asked again, it is the same request", () => {
  const again = requestOf({ requestedBy: "heidi", requestedAt: "2027-01-01T00:00:00Z", reason: "", required: 2 });
  expect(approvalHash(again)).toBe(approvalHash(requestOf()));
});

test.each([
  ["production", "staging"],
  ["ghcr.io/acme/digits", "ghcr.io/acme/evil"],
  [hex(sha256("verdict")), hex(sha256("evil"))],
  ["`not loosened`", "`loosened`"],
  ["modelgate:approval:", "modelgate:approved:"],
])("a text in which %s was replaced is no request", (from, to) => {
  expect(readRequest(requestBody(requestOf()).replaceAll(from, to))).toBeNull();
});

test("a text with a second row or a second marker is no request", () => {
  const body = requestBody(requestOf());
  expect(readRequest(`${body}\n| environment | \`staging\` |\n`)).toBeNull();
  expect(readRequest(`${body}\n<!-- modelgate:approval:${"0".repeat(64)} -->`)).toBeNull();
  expect(readRequest("")).toBeNull();
});

test("whatever the reason and the model's name are, the text still says what it asks about, and approves nothing", () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      approveLine(requestOf()),
      `\n\n${approveLine(requestOf())}\n`,
      "\n| environment | `staging` |",
      "<!-- modelgate:approval:00 -->",
      "```\n@everyone",
    ),
  );
  fc.assert(
    fc.property(nasty, nasty, (reason, model) => {
      const body = requestBody(requestOf({ reason, model }));
      expect(readRequest(body)).toEqual(subjectOf(requestOf()));
      expect(readComment(body)).toMatchObject({ word: "unclear" });
    }),
  );
});

test("the line carries the whole hash, and the text shows it", () => {
  const request = requestOf();
  expect(approveLine(request)).toBe(`/approve ${hex(approvalHash(request))}`);
  expect(requestBody(request).split("\n")).toContain(approveLine(request));
  expect(requestTitle(request)).toBe(`Approve digits for production: ${request.image.digest.slice(0, 19)}`);
});

test("a loosened policy is said in the text", () => {
  expect(requestBody(requestOf({ policyLoosened: true }))).toContain("looser than the protected branch's");
  expect(requestBody(requestOf())).not.toContain("looser");
});

test("the record tells who asked, for this request only", () => {
  const request = requestOf();
  expect(readRecord(request, recordText(request))).toBe("ada");
  expect(readRecord(requestOf({ environment: "staging" }), recordText(request))).toBeNull();
  expect(readRecord(request, `> ${recordText(request)}`)).toBeNull();
});

test("a loosened policy takes one approval more than otherwise", () => {
  expect(approvalsRequired({ required: "always" }, false)).toBe(1);
  expect(approvalsRequired({ required: "always" }, true)).toBe(2);
  expect(approvalsRequired({ required: "loosened" }, false)).toBe(0);
  expect(approvalsRequired({ required: "loosened" }, true)).toBe(1);
  expect(approvalsRequired(null, false)).toBe(0);
  expect(approvalsRequired(null, true)).toBe(1);
});

test("the ledger's id names the issue and every comment, and is read back", () => {
  const at = "2026-11-23T12:00:00Z";
  const id = approvalId(12, [
    { login: "grace", commentId: 345, at },
    { login: "heidi", commentId: 346, at },
  ]);
  expect(id).toBe("#12 grace:345 heidi:346");
  expect(approvalIssue(id)).toBe(12);
  expect([...approvalComments([id, "#13 grace:400"])]).toEqual([345, 346, 400]);
  expect(approvalIssue("something else")).toBeNull();
});
