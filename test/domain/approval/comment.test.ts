import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readComment } from "../../../src/domain/approval/comment.ts";

const line = `/approve ${"0".repeat(64)}`;
const approve = { word: "approve", hash: "0".repeat(64) };

test.each([
  ["alone", line],
  ["with spaces behind it", `${line}  \t`],
  ["with Windows line ends", `Good.\r\n\r\n${line}\r\n`],
  ["below a sentence", `Looks good.\n${line}`],
  ["above a sentence", `${line}\nThank you!`],
  ["below a quote and an empty line", `> what about zeros?\n\n${line}`],
  ["below a quote of itself", `> ${line}\n\n${line}`],
  ["below a code block that ended", `\`\`\`\nrun 5\n\`\`\`\n${line}`],
  ["below a list and an empty line", `- one\n- two\n\n${line}`],
  ["twice", `${line}\n\n${line}`],
])("a line %s approves", (_, body) => {
  expect(readComment(body)).toEqual(approve);
});

describe("a line nobody would see as one does not count", () => {
  test.each([
    ["in a quote", `> ${line}`],
    ["in a quote that goes on without its mark", `> he said\n${line}`],
    ["in a nested quote that goes on", `- > he said\n${line}`],
    ["in a code block", `\`\`\`\n${line}\n\`\`\``],
    ["in a code block with a language", `\`\`\`sh\n${line}\n\`\`\``],
    ["in a code block of tildes", `~~~\n${line}\n~~~`],
    ["in a code block that never ends", `\`\`\`\nfoo\n\n${line}`],
    ["in a code block that a shorter fence does not end", `\`\`\`\`\n\`\`\`\n${line}\n\`\`\`\``],
    ["in a code block that another fence does not end", `\`\`\`\n~~~\n${line}\n\`\`\``],
    ["in a code block after text behind a fence", `\`\`\`\n\`\`\` no end\n${line}`],
    ["in an indented code block", `    ${line}`],
    ["behind a tab", `\t${line}`],
    ["in a code span", `\`${line}\``],
    ["in a code span over lines", `\`see\n${line}\n\``],
    ["in a list", `- ${line}`],
    ["below a code block in a list", `- \`\`\`\nfoo\n\`\`\`\n${line}`],
    ["in a code block below one in a list", `- \`\`\`\n  \`\`\`\n\`\`\`\n${line}\n\`\`\``],
    ["in a sentence", `I would ${line}`],
    ["in an HTML comment", `<!--\n${line}\n-->`],
    ["in preformatted HTML", `<pre>\n${line}\n</pre>`],
    ["in folded HTML", `<details>\n\n${line}\n</details>`],
    ["behind a space", ` ${line}`],
  ])("%s", (_, body) => {
    expect(readComment(body)).toMatchObject({ word: "unclear", why: expect.any(String) });
  });
});

test("two hashes in one comment are no approval", () => {
  expect(readComment(`${line}\n\n/approve ${"1".repeat(64)}`)).toMatchObject({ word: "unclear" });
});

test("without a hash, or with more behind it, the hash is not one", () => {
  expect(readComment("/approve")).toEqual({ word: "approve", hash: "" });
  expect(readComment(`${line} please`)).toEqual({ word: "approve", hash: `${"0".repeat(64)} please` });
});

test("other commands and addresses are conversation", () => {
  for (const body of ["", "Looks good.", "/approved", "/approve-later", "https://ci.example/approve", "a/approve/b"])
    expect(readComment(body)).toBeNull();
});

test("a rejection is read, also beside an approval", () => {
  expect(readComment("/reject")).toEqual({ word: "reject" });
  expect(readComment(`${line}\n\n/reject`)).toEqual({ word: "reject" });
  expect(readComment(`/reject\n${line}`)).toEqual({ word: "reject" });
  expect(readComment("> /reject")).toMatchObject({ word: "unclear" });
  expect(readComment("/reject because it is slow")).toMatchObject({ word: "unclear" });
});

test("every line of a comment stays inside a fence around it", () => {
  const lines = fc.array(fc.constantFrom("", "text", "> quote", "~~~", "    code", line, "<b>"), { maxLength: 6 });
  fc.assert(
    fc.property(lines, (inside) => {
      expect(readComment(["```", ...inside, "```"].join("\n"))?.word).not.toBe("approve");
    }),
  );
});

test("every line of a comment stays inside a quote around it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("", "text", "```", line), { maxLength: 6 }), (inside) => {
      expect(readComment(inside.map((text) => `> ${text}`).join("\n"))?.word).not.toBe("approve");
    }),
  );
});

test("no text makes it throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      readComment(`${text}\n${line}\n${text}`);
    }),
  );
  expect(readComment("\0")).toBeNull();
});
