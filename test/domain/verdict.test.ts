import { expect, test } from "vitest";
import type { Json } from "../../src/domain/canonical.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { type Problem, UserError } from "../../src/domain/problem.ts";
import {
  type Expected,
  readVerdict,
  type Verdict,
  verdictFindings,
  verdictThatCounts,
} from "../../src/domain/verdict.ts";
import { releaseOf } from "../fakes/release.ts";
import { anyOfWith, checkWith, data, policy, verdictFor } from "../fakes/verdict.ts";

const release = releaseOf("a");
const other = releaseOf("b");
const hour = 3_600_000;
const expected: Expected = {
  image: release.image,
  modelDigest: release.model.digest,
  policyDigest: policy,
  dataDigest: data,
  maxAgeMs: 24 * hour,
  now: new Date("2026-11-23T12:00:00.000Z"),
};
const problemsOf = (verdict: Verdict, fields: Partial<Expected> = {}): Problem[] =>
  Object.values(verdictFindings(verdict, { ...expected, ...fields })).flat();
const codes = (verdict: Verdict, fields: Partial<Expected> = {}): string[] =>
  problemsOf(verdict, fields).map(({ code }) => code);

test("a pass for exactly this release, policy and data has no problem", () => {
  expect(codes(verdictFor(release))).toEqual([]);
});

test.each(["fail", "inconclusive", "error"] as const)(
  "a verdict of %s is no pass, and the check says why",
  (status) => {
    const [problem, ...more] = problemsOf(verdictFor(release, {}, status));
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: "promote.verdict-failed" });
    expect(problem!.message).toContain(`accuracy >= 0.8: accuracy is 0.9: ${status}`);
  },
);

test("a reason makes passing checks an error", () => {
  const verdict = verdictFor(release, { reasons: ["the release has no smoke evidence"] });
  expect(verdict.verdict).toBe("error");
  expect(problemsOf(verdict)[0]!.message).toContain("no smoke evidence");
});

test.each<[string, Partial<Expected>]>([
  ["another image", { image: other.image }],
  ["another model", { modelDigest: other.model.digest }],
  ["another policy", { policyDigest: sha256("other policy") }],
  ["other data", { dataDigest: sha256("other data") }],
])("a verdict about %s says nothing", (_what, fields) => {
  const found = codes(verdictFor(release), fields);
  expect(new Set(found)).toEqual(new Set(["promote.verdict-foreign"]));
});

test("a copy of the image in another repository keeps its verdict", () => {
  const image = { ...release.image, repository: "mirror.example/digits" };
  expect(codes(verdictFor(release), { image })).toEqual([]);
});

test.each(["before", "after"] as const)("a verdict is foreign when something else ran %s the evaluation", (when) => {
  const { subject } = verdictFor(release);
  const tampered = { ...subject, [when]: { ...subject[when], modelDigest: sha256("changed bytes") } };
  expect(codes(verdictFor(release, { subject: tampered }))).toEqual(["promote.verdict-foreign"]);
});

test.each([
  ["at the age limit", -24 * hour, []],
  ["a moment too old", -24 * hour - 1, ["promote.verdict-stale"]],
  ["five minutes ahead", 5 * 60_000, []],
  ["more than five minutes ahead", 5 * 60_000 + 1, ["promote.verdict-stale"]],
])("a verdict %s", (_when, offset, problems) => {
  const at = new Date(expected.now.getTime() + offset).toISOString();
  expect(codes(verdictFor(release, { at }))).toEqual(problems);
});

test("the newest verdict under this policy and data counts, whatever came after under another", () => {
  const newest = verdictFor(release, { policy: sha256("other policy") });
  const fail = verdictFor(release, {}, "fail");
  const pass = verdictFor(release);
  const wanted = { policyDigest: policy, dataDigest: data };
  expect(verdictThatCounts([newest, fail, pass], wanted)).toBe(fail);
  expect(verdictThatCounts([newest], wanted)).toBe(newest);
  expect(verdictThatCounts([], wanted)).toBeNull();
});

test("a verdict survives its way through JSON", () => {
  const verdict = verdictFor(release, { champion: { image: other.image, source: "deployed" } });
  expect(readVerdict(JSON.parse(JSON.stringify(verdict)) as Json)).toEqual(verdict);
});

test("a verdict with alternatives survives, too", () => {
  const verdict = verdictFor(release, { checks: [anyOfWith("pass", "fail", "pass")] });
  expect(readVerdict(JSON.parse(JSON.stringify(verdict)) as Json)).toEqual(verdict);
});

test("alternatives of which none passed are no pass", () => {
  const checks = [anyOfWith("pass", "fail", "fail")] as unknown as Json;
  expect(() => readVerdict({ ...plain(), checks })).toThrow(/says pass, and its members say fail/);
});

const plain = (): Record<string, Json> => JSON.parse(JSON.stringify(verdictFor(release))) as Record<string, Json>;

test.each<[string, (verdict: Record<string, Json>) => Json, RegExp]>([
  ["null", () => null, /verdict is not an object/],
  ["a list", () => [], /verdict is not an object/],
  ["another schema", (v) => ({ ...v, schema: 2 }), /verdict\.schema is not one of 1/],
  ["an unknown word", (v) => ({ ...v, verdict: "PASS" }), /verdict\.verdict is not one of/],
  ["an unknown key", (v) => ({ ...v, waived: true }), /unknown key waived/],
  ["a short digest", (v) => ({ ...v, policy: "sha256:abc" }), /verdict\.policy is not a sha256 digest/],
  ["no time", (v) => ({ ...v, at: "yesterday" }), /verdict\.at is not a time in UTC/],
  ["a time that does not exist", (v) => ({ ...v, at: "2026-13-45T00:00:00Z" }), /verdict\.at/],
  ["a fraction of rows", (v) => ({ ...v, data: { digest: data, rows: 1.5 } }), /verdict\.data\.rows is not a count/],
  ["a tag", (v) => ({ ...v, champion: { image: "acme/digits:1", source: "x" } }), /champion\.image is not an object/],
  ["a check that is a text", (v) => ({ ...v, checks: ["pass"] }), /verdict\.checks\[0\] is not an object/],
  ["a missing key", ({ subject: _, ...v }) => v, /verdict\.subject is not an object/],
])("%s is no verdict", (_what, change, message) => {
  expect(() => readVerdict(change(plain()), "the verdict sha256:1")).toThrow(UserError);
  expect(() => readVerdict(change(plain()), "the verdict sha256:1")).toThrow(message);
  expect(() => readVerdict(change(plain()), "the verdict sha256:1")).toThrow(/^the verdict sha256:1 cannot be read/);
});

test.each<[string, Record<string, Json>]>([
  ["failed checks", { checks: [{ ...checkWith("fail") }] as unknown as Json }],
  ["no checks", { checks: [] }],
  ["reasons", { reasons: ["the smoke test did not pass"] }],
])("a pass with %s is no pass", (_what, fields) => {
  expect(() => readVerdict({ ...plain(), ...fields })).toThrow(/says pass, and its checks say/);
});
