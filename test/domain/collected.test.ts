import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect, collectedSections, collectModel, failedModel, type LegRecords } from "../../src/domain/collected.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { type HandedOver, type LegCommand, legCommands } from "../../src/domain/hand-over.ts";
import { handedOverOf } from "../fakes/handed-over.ts";

const digits = { name: "digits", config: "modelgate.yml" };
const chain = ["package", "deploy", "smoke", "evaluate", "gate"] as const;

/** Records of commands, with what is said about each. */
function left(said: Partial<Record<LegCommand, Partial<HandedOver>>>): LegRecords {
  return Object.fromEntries(
    Object.entries(said).map(([command, fields]) => [command, handedOverOf(command as LegCommand, fields)]),
  );
}

const good = (attempt = 1) =>
  left({
    package: { attempt },
    deploy: { attempt, url: "http://127.0.0.1:9000" },
    smoke: { attempt, verdict: "pass" },
    evaluate: { attempt },
    gate: { attempt, verdict: "pass", headline: "digits passes 3 gates" },
  });

const of = (records: LegRecords) => collectModel(digits, records);

describe("a model comes to", () => {
  test("a pass when its gates passed on the image that was made, in the gate's words", () => {
    const found = of(good());
    expect(found).toMatchObject({ ...digits, verdict: "pass", headline: "digits passes 3 gates", unfinished: false });
    expect(found.image).toEqual(good().package!.image);
    expect(found.url).toBe("http://127.0.0.1:9000");
  });

  test("a pass by run alone", () => {
    expect(of(left({ run: { verdict: "pass" } }))).toMatchObject({ verdict: "pass" });
  });

  test("an error when it left no record", () => {
    expect(of({})).toMatchObject({
      verdict: "error",
      unfinished: true,
      headline: expect.stringContaining("no record"),
    });
  });

  test.each(chain.slice(0, -1))("an error when the last record is of %s, whatever was said", (last) => {
    const records = Object.fromEntries(chain.slice(0, chain.indexOf(last) + 1).map((name) => [name, good()[name]]));
    expect(of(records)).toMatchObject({
      verdict: "error",
      unfinished: true,
      headline: `it did not finish: the last record is of ${last}`,
    });
  });

  test.each(["fail", "inconclusive", "error"] as const)("%s when its gates said so", (verdict) => {
    const records = { ...good(), gate: handedOverOf("gate", { verdict, headline: "why" }) };
    expect(of(records)).toMatchObject({ verdict, headline: "why", unfinished: false });
  });

  test("a fail when its smoke test failed: that the rest is missing is no news", () => {
    const { package: made, deploy } = good();
    const records = {
      package: made!,
      deploy: deploy!,
      smoke: handedOverOf("smoke", { verdict: "fail", headline: "why" }),
    };
    expect(of(records)).toMatchObject({ verdict: "fail", headline: "why", unfinished: false });
  });

  test("the worst of all, in the words of the first that said it", () => {
    const records = {
      ...good(),
      smoke: handedOverOf("smoke", { verdict: "fail", headline: "smoke" }),
      evaluate: handedOverOf("evaluate", { verdict: "error", headline: "evaluate" }),
      gate: handedOverOf("gate", { verdict: "error", headline: "gate" }),
    };
    expect(of(records)).toMatchObject({ verdict: "error", headline: "evaluate" });
  });

  test("an error when another image was judged than the one that was made, or none", () => {
    const other = { repository: "registry.example/acme/digits", digest: sha256("other") };
    for (const image of [other, null]) {
      const records = { ...good(), gate: handedOverOf("gate", { verdict: "pass", image }) };
      expect(of(records)).toMatchObject({
        verdict: "error",
        headline: expect.stringContaining("was made in this run"),
      });
    }
    const unmade = { ...good(), package: handedOverOf("package", { image: null }) };
    expect(of(unmade).verdict).toBe("error");
    const { package: _, ...judgedOnly } = good();
    expect(of(judgedOnly).verdict).toBe("error");
  });

  test("an error when the gate came to nothing", () => {
    expect(of({ ...good(), gate: handedOverOf("gate", { verdict: "none" }) }).verdict).toBe("error");
  });
});

describe("when jobs ran again", () => {
  test("records of jobs that did not run again count", () => {
    expect(of({ ...good(2), package: good(1).package! }).verdict).toBe("pass");
  });

  test("an earlier pass does not stand for a job that ran again and died", () => {
    const { gate } = good(1);
    const { gate: _, ...again } = good(2);
    expect(of({ ...again, gate: gate! })).toMatchObject({ verdict: "error", unfinished: true });
    expect(of({ ...good(1), package: good(2).package! })).toMatchObject({ verdict: "error", unfinished: true });
    expect(Object.keys(of({ ...good(1), package: good(2).package! }).records)).toEqual(["package"]);
  });

  test("of run and its parts the later attempt counts", () => {
    const failed = handedOverOf("run", { attempt: 1, verdict: "fail" });
    expect(of({ ...good(2), run: failed }).verdict).toBe("pass");
    expect(of({ ...good(1), run: { ...failed, attempt: 2 } }).verdict).toBe("fail");
  });
});

const records: fc.Arbitrary<LegRecords> = fc
  .dictionary(
    fc.constantFrom(...legCommands),
    fc.record({
      verdict: fc.constantFrom("pass", "fail", "inconclusive", "error", "none"),
      attempt: fc.integer({ min: 1, max: 3 }),
    }),
  )
  .map((said) => left(said as Partial<Record<LegCommand, Partial<HandedOver>>>));

test("no model passes without a gate that passed in the newest attempt of its release", () => {
  fc.assert(
    fc.property(records, (found) => {
      const passed = of(found).verdict === "pass";
      const judge = found.run && found.run.attempt >= (found.gate?.attempt ?? 0) ? found.run : found.gate;
      const attempts = chain.flatMap((name) => found[name]?.attempt ?? []);
      const isJudged = judge?.verdict === "pass" && judge.attempt >= Math.max(...attempts, found.run?.attempt ?? 0);
      expect(passed && !isJudged).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

describe("a run comes to", () => {
  const passed = of(good());
  const failed = collectModel(
    { name: "faces", config: "b.yml" },
    left({ package: {}, smoke: { verdict: "fail", headline: "blind" } }),
  );
  const dead = of({});

  test("the worst of its models", () => {
    expect(collect([passed, failed, dead], []).verdict).toBe("error");
    expect(collect([passed, failed], [])).toMatchObject({ verdict: "fail", headline: "2 models: 1 pass, 1 fail" });
    expect(collect([passed], [])).toMatchObject({ verdict: "pass", headline: "digits: digits passes 3 gates" });
    expect(collect([], [])).toMatchObject({ verdict: "none", headline: "no model was released" });
  });

  test("an error when a job failed and every record says pass", () => {
    const found = collect([passed], ["stage (failure)"]);
    expect(found).toMatchObject({ verdict: "error", unexplained: ["stage (failure)"] });
    expect(found.headline).toContain("stage (failure) did not end with success");
    expect(collect([passed, failed], ["stage (failure)"])).toMatchObject({ verdict: "fail", unexplained: [] });
  });

  test("a table of models by stage, and below it why", () => {
    const [table] = collectedSections(
      collect([passed, failed, failedModel({ name: "x", config: "x.yml" }, "unreadable")], []),
    );
    expect(table!.columns).toEqual(["", "model", ...chain, "image"]);
    expect(table!.rows).toEqual([
      ["pass", "digits", "done", "done", "pass", "done", "pass", passed.image!.digest],
      ["fail", "faces", "done", "–", "fail", "–", "–", failed.image!.digest],
      ["error", "x", "–", "–", "–", "–", "–", ""],
    ]);
    expect(table!.notes).toEqual(["faces: blind", "x: unreadable"]);
  });
});
