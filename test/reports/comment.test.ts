import { expect, test } from "vitest";
import { emptyOutcome, type Outcome } from "../../src/domain/outcome.ts";
import { failureComment, longestComment, outcomeComment } from "../../src/reports/comment.ts";
import { githubOrigin } from "../fakes/origin.ts";
import { releaseOf } from "../fakes/release.ts";
import { verdictFor } from "../fakes/verdict.ts";

const release = releaseOf("a");
const outcome = (fields: Partial<Outcome> = {}): Outcome => ({
  ...emptyOutcome,
  ...{ command: "gate", verdict: "fail", headline: "digits fails accuracy >= 0.8", model: release.model },
  image: release.image,
  judgement: verdictFor(release, {}, "fail"),
  ...fields,
});

test("the comment says the verdict first, then the gates, and last of which commit and run it is", () => {
  const text = outcomeComment(outcome(), githubOrigin);
  expect(text).toMatch(/^## FAIL: digits fails accuracy/);
  expect(text).toContain("### Gates");
  expect(text.trimEnd().split("\n").at(-1)).toBe(
    `<sub>modelgate at ${githubOrigin.commit} in [this run](https://github.com/acme/digits/actions/runs/42)</sub>`,
  );
});

test("the comment is never longer than GitHub takes, whatever was found, and says what is missing", () => {
  const hostile = "<details>@everyone #1 \u{1F600}|".repeat(1000);
  const rows = Array.from({ length: 5000 }, (_, id) => ({
    id: `${id}${hostile}`,
    label: hostile,
    candidate: "2",
    champion: null,
  }));
  const sections = Array.from({ length: 50 }, () => ({
    title: hostile,
    columns: ["a"],
    rows: [[hostile]],
    notes: [hostile],
  }));
  const text = outcomeComment(
    outcome({ headline: hostile, flips: { count: rows.length, rows }, sections, notes: [hostile] }),
    githubOrigin,
  );
  expect(text.length).toBeLessThanOrEqual(longestComment);
  expect(text).toMatch(/left out/);
  expect(text).toMatch(/^## FAIL/);
  expect(text).toContain("[this run]");
});

test("a command without an outcome names its problems, and that nothing was judged", () => {
  const problem = {
    code: "model.empty",
    message: "<b>models/digits.onnx</b> has no bytes",
    hint: "Export it again.",
  } as const;
  const text = failureComment({ model: "digits", problems: [problem] }, githubOrigin);
  expect(text).toMatch(/^## ERROR: no outcome\n\ndigits was not judged\./);
  expect(text).toContain("model.empty");
  expect(text).not.toContain("<b>");
});

test("a bug of ours shows no stack", () => {
  const text = failureComment({ model: null, problems: [] }, { ...githubOrigin, commit: null, run: null });
  expect(text).toContain("the log of the run has the reason");
  expect(text).toContain("<sub>modelgate</sub>");
});
