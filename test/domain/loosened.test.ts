import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { anyOfCheck, type Check, checkOf } from "../../src/domain/gate/decide.ts";
import { comparePolicies, isLoosened, type PolicyFacts, type Relation } from "../../src/domain/loosened.ts";

const advisory = (text: string): Check => ({ ...checkOf(text), severity: "advisory" });
const allowed = (text: string): Check => ({ ...checkOf(text), onInconclusive: "allow" });
const anyOf = (...texts: string[]): Check => anyOfCheck(texts.map((text) => checkOf(text)));
const key = (name: string) => sha256(name);
const identity = (ref: string | null) => ({
  issuer: "https://token.actions.githubusercontent.com",
  workflow: "modelgate/modelgate/.github/workflows/release.yml",
  repository: "acme/models",
  ref,
});

interface Written extends Partial<Omit<PolicyFacts, "policy">> {
  checks?: readonly (string | Check)[];
  first?: "allow" | "block";
  failedRows?: PolicyFacts["policy"]["failedRows"];
}
const facts = ({ checks = ["accuracy >= 0.9"], first = "allow", failedRows, ...more }: Written): PolicyFacts => ({
  policy: {
    checks: checks.map((check) => (typeof check === "string" ? checkOf(check) : check)),
    firstPromotion: first,
    failedRows: failedRows ?? { policy: "error", maxShare: null },
  },
  maxAgeMs: 7 * 86_400_000,
  data: "rows",
  reading: "multiclass",
  load: null,
  trust: { keys: [key("a")], identities: [] },
  approval: 1,
  approvers: ["grace"],
  ...more,
});
const gates = (...checks: (string | Check)[]): Written => ({ checks });

const [f1, acc] = ["f1 >= 0.8", "accuracy >= 0.9"];
const advisoryAny: Check = { ...anyOf(f1, "ece <= 0.1"), severity: "advisory" };

/** Before, after, and how after lies to before. */
const pairs: [name: string, before: Written, after: Written, relation: Relation][] = [
  ["the same", gates("accuracy >= 0.9"), gates("accuracy >= 0.9"), "equal"],
  ["per cent for a fraction", gates("accuracy >= 0.95"), gates("accuracy >= 95%"), "equal"],
  ["spaces", gates("accuracy >= 0.95"), gates("  accuracy>=0.95 "), "equal"],
  [
    "another order",
    gates("accuracy >= 0.9", "f1(average=macro) >= 0.8"),
    gates("f1(average=macro) >= 0.8", "accuracy >= 0.9"),
    "equal",
  ],
  [
    "a weaker check beside a stronger one",
    gates("accuracy >= 0.9"),
    gates("accuracy >= 0.9", "accuracy >= 0.8"),
    "equal",
  ],
  ["seconds for milliseconds", gates("latency.p99 <= 1s"), gates("latency.p99 <= 1000ms"), "equal"],
  [
    "the implied limit of failures written out",
    gates("latency.p99 <= 1s"),
    gates("latency.p99 <= 1s", "error_rate <= 1%"),
    "equal",
  ],
  [
    "another advisory check",
    gates("accuracy >= 0.9"),
    gates("accuracy >= 0.9", advisory("f1(average=macro) >= 0.5")),
    "equal",
  ],
  ["a higher bound", gates("accuracy >= 0.9"), gates("accuracy >= 0.91"), "tighter"],
  ["a lower latency", gates("latency.p99 <= 50ms"), gates("latency.p99 <= 40ms"), "tighter"],
  ["a strict comparison", gates("accuracy >= 0.9"), gates("accuracy > 0.9"), "tighter"],
  ["a narrower margin", gates("accuracy >= champion - 2pp"), gates("accuracy >= champion - 1pp"), "tighter"],
  ["evidence instead of a point", gates("accuracy >= 0.9"), gates("accuracy >= 0.9 @95%"), "tighter"],
  ["more confidence", gates("accuracy >= 0.9 @90%"), gates("accuracy >= 0.9 @95%"), "tighter"],
  ["a further check", gates("accuracy >= 0.9"), gates("accuracy >= 0.9", "log_loss <= 0.5"), "tighter"],
  ["a further slice", gates("accuracy >= 0.9"), gates("accuracy >= 0.9", "accuracy >= 0.8 by group"), "tighter"],
  [
    "smaller slices judged",
    gates("accuracy >= 0.8 by group [min 200]"),
    gates("accuracy >= 0.8 by group [min 100]"),
    "tighter",
  ],
  ["more rows asked for", gates("accuracy >= 0.9 [min 100]"), gates("accuracy >= 0.9 [min 500]"), "tighter"],
  [
    "an advisory check made required",
    gates("accuracy >= 0.9", advisory("log_loss <= 0.5")),
    gates("accuracy >= 0.9", "log_loss <= 0.5"),
    "tighter",
  ],
  ["inconclusive made to block", gates(allowed("accuracy >= 0.9 @95%")), gates("accuracy >= 0.9 @95%"), "tighter"],
  ["the first promotion blocked", { first: "allow" }, { first: "block" }, "tighter"],
  ["fresher verdicts", {}, { maxAgeMs: 86_400_000 }, "tighter"],
  ["a key less trusted", { trust: { keys: [key("a"), key("b")], identities: [] } }, {}, "tighter"],
  [
    "a longer load",
    { load: { ratePerSecond: 50, milliseconds: 1000, rest: "server" } },
    { load: { ratePerSecond: 50, milliseconds: 2000, rest: "server" } },
    "tighter",
  ],
  ["somebody must always agree", {}, { approval: 2 }, "tighter"],
  ["a lower bound", gates("accuracy >= 0.9"), gates("accuracy >= 0.85"), "looser"],
  ["a higher latency", gates("latency.p99 <= 50ms"), gates("latency.p99 <= 60ms"), "looser"],
  ["a wider margin", gates("accuracy >= champion - 1pp"), gates("accuracy >= champion - 2pp"), "looser"],
  ["a point instead of evidence", gates("accuracy >= 0.9 @95%"), gates("accuracy >= 0.9"), "looser"],
  ["less confidence", gates("accuracy >= 0.9 @95%"), gates("accuracy >= 0.9 @80%"), "looser"],
  ["a dropped check", gates("accuracy >= 0.9", "log_loss <= 0.5"), gates("accuracy >= 0.9"), "looser"],
  ["a dropped slice", gates("accuracy >= 0.9", "accuracy >= 0.8 by group"), gates("accuracy >= 0.9"), "looser"],
  [
    "fewer slices judged",
    gates("accuracy >= 0.8 by group [min 100]"),
    gates("accuracy >= 0.8 by group [min 200]"),
    "looser",
  ],
  [
    "a required check made advisory",
    gates("accuracy >= 0.9", "log_loss <= 0.5"),
    gates("accuracy >= 0.9", advisory("log_loss <= 0.5")),
    "looser",
  ],
  ["inconclusive allowed", gates("accuracy >= 0.9 @95%"), gates(allowed("accuracy >= 0.9 @95%")), "looser"],
  [
    "failures beyond the implied limit",
    gates("latency.p99 <= 1s"),
    gates("latency.p99 <= 1s", "error_rate <= 5%"),
    "looser",
  ],
  ["the first promotion allowed", { first: "block" }, { first: "allow" }, "looser"],
  ["failed rows left out", {}, { failedRows: { policy: "exclude", maxShare: null } }, "looser"],
  [
    "more failed rows left out",
    { failedRows: { policy: "exclude", maxShare: 0.01 } },
    { failedRows: { policy: "exclude", maxShare: 0.1 } },
    "looser",
  ],
  ["older verdicts", {}, { maxAgeMs: 30 * 86_400_000 }, "looser"],
  ["a key more trusted", {}, { trust: { keys: [key("a"), key("b")], identities: [] } }, "looser"],
  [
    "a load of another kind",
    { load: { ratePerSecond: 50, milliseconds: 1000, rest: "server" } },
    { load: { ratePerSecond: null, milliseconds: 1000, rest: "stream" } },
    "incomparable",
  ],
  ["no load any more", { load: { ratePerSecond: 50, milliseconds: 1000, rest: "server" } }, { load: null }, "looser"],
  [
    "a slower load",
    { load: { ratePerSecond: 50, milliseconds: 1000, rest: "server" } },
    { load: { ratePerSecond: 5, milliseconds: 1000, rest: "server" } },
    "looser",
  ],
  ["nobody must agree any more", {}, { approval: 0 }, "looser"],
  ["one more who may agree", {}, { approvers: ["grace", "mallory"] }, "looser"],
  ["other data", {}, { data: "other rows" }, "incomparable"],
  ["data read in another way", {}, { reading: "binary" }, "incomparable"],
  ["another metric", gates("accuracy >= 0.9"), gates("f1(average=macro) >= 0.9"), "incomparable"],
  [
    "one bound up, one down",
    gates("accuracy >= 0.9", "log_loss <= 0.5"),
    gates("accuracy >= 0.95", "log_loss <= 0.9"),
    "incomparable",
  ],
  [
    "a higher bound with less confidence",
    gates("accuracy >= 0.9 @95%"),
    gates("accuracy >= 0.92 @80%"),
    "incomparable",
  ],
  ["a mean for a percentile", gates("latency.p99 <= 50ms"), gates("latency.mean <= 50ms"), "incomparable"],
  ["a constant for the champion", gates("accuracy >= champion - 1pp"), gates("accuracy >= 0.9"), "incomparable"],
  ["another slice", gates("accuracy >= 0.8 by group"), gates("accuracy >= 0.8 by region"), "incomparable"],
  ["alternatives in another order", gates(anyOf(f1, acc)), gates(anyOf(acc, f1)), "equal"],
  [
    "another model's answers for the truth",
    gates("accuracy >= 0.9"),
    gates("accuracy against baseline >= 0.9"),
    "incomparable",
  ],
  ["an alternative dropped", gates(anyOf(f1, acc, "ece <= 0.1")), gates(anyOf(f1, acc)), "tighter"],
  ["an alternative raised", gates(anyOf(f1, acc)), gates(anyOf(f1, "accuracy >= 0.95")), "tighter"],
  ["one alternative alone", gates(anyOf(f1, acc)), gates(acc), "tighter"],
  ["a check beside its alternatives", gates(acc), gates(acc, anyOf(f1, acc)), "equal"],
  ["a further alternative", gates(anyOf(f1, acc)), gates(anyOf(f1, acc, "ece <= 0.1")), "looser"],
  ["an alternative lowered", gates(anyOf(f1, acc)), gates(anyOf(f1, "accuracy >= 0.8")), "looser"],
  ["a check turned into alternatives", gates(acc), gates(anyOf(f1, acc)), "looser"],
  [
    "alternatives that may stay open",
    gates(anyOf(f1, acc)),
    gates({ ...anyOf(f1, acc), onInconclusive: "allow" }),
    "looser",
  ],
  ["alternatives made advisory", gates(acc, anyOf(f1, "ece <= 0.1")), gates(acc, advisoryAny), "looser"],
  [
    "one alternative up, one down",
    gates(anyOf(f1, acc)),
    gates(anyOf("f1 >= 0.85", "accuracy >= 0.8")),
    "incomparable",
  ],
  ["other alternatives", gates(anyOf(f1, acc)), gates(anyOf("ece <= 0.1", "log_loss <= 1")), "incomparable"],
  ["another key", {}, { trust: { keys: [key("b")], identities: [] } }, "incomparable"],
  [
    "a workflow of any ref",
    { trust: { keys: [], identities: [identity("refs/heads/main")] } },
    { trust: { keys: [], identities: [identity(null)] } },
    "incomparable",
  ],
];

test("the table has at least forty pairs", () => {
  expect(pairs.length).toBeGreaterThanOrEqual(40);
});

describe("what came of a policy", () => {
  test.each(pairs)("%s", (_name, before, after, relation) => {
    const compared = comparePolicies(facts(before), facts(after));
    expect(compared, JSON.stringify(compared.findings)).toMatchObject({ relation });
    expect(compared.findings.length > 0).toBe(relation !== "equal");
    expect(isLoosened(compared)).toBe(relation === "looser" || relation === "incomparable");
  });
});

describe("the other way round", () => {
  const opposite: Record<Relation, Relation> = {
    equal: "equal",
    tighter: "looser",
    looser: "tighter",
    incomparable: "incomparable",
  };
  test.each(pairs)("%s", (_name, before, after, relation) => {
    expect(comparePolicies(facts(after), facts(before)).relation).toBe(opposite[relation]);
  });
});

const anyCheck = fc
  .record({
    metric: fc.constantFrom("accuracy", "log_loss", "latency.p99", "error_rate"),
    bound: fc.integer({ min: 1, max: 99 }),
    confidence: fc.constantFrom("", " @90%", " @95%"),
    lax: fc.boolean(),
  })
  .map(({ metric, bound, confidence, lax }) => {
    const right =
      metric === "latency.p99" ? `<= ${bound}ms` : metric === "accuracy" ? `>= ${bound}%` : `<= ${bound / 100}`;
    const check = checkOf(`${metric} ${right}${confidence}`);
    return lax ? { ...check, onInconclusive: "allow" as const } : check;
  });
/** Single checks, and alternatives made of them. */
const anyEntry: fc.Arbitrary<Check> = fc.oneof(
  { arbitrary: anyCheck, weight: 3 },
  { arbitrary: fc.array(anyCheck, { minLength: 2, maxLength: 3 }).map((list) => anyOfCheck(list)), weight: 1 },
);
const anyPolicy = fc.array(anyEntry, { minLength: 1, maxLength: 4 }).map((checks) => facts({ checks }));

test("a policy is equal to itself, and to itself in another order", () => {
  fc.assert(
    fc.property(anyPolicy, (policy) => {
      expect(comparePolicies(policy, policy).relation).toBe("equal");
      const turned = { ...policy, policy: { ...policy.policy, checks: policy.policy.checks.toReversed() } };
      expect(comparePolicies(policy, turned).relation).toBe("equal");
    }),
  );
});

test("tighter one way is looser the other way", () => {
  fc.assert(
    fc.property(anyPolicy, anyPolicy, (a, b) => {
      const [there, back] = [comparePolicies(a, b).relation, comparePolicies(b, a).relation];
      expect(there === "tighter").toBe(back === "looser");
      expect(there === "equal").toBe(back === "equal");
    }),
  );
});

test("a required check more is never looser", () => {
  fc.assert(
    fc.property(anyPolicy, anyCheck, (policy, check) => {
      fc.pre(check.parsed.metric !== "error_rate");
      const more = { ...policy, policy: { ...policy.policy, checks: [...policy.policy.checks, check] } };
      expect(["equal", "tighter"]).toContain(comparePolicies(policy, more).relation);
    }),
  );
});
