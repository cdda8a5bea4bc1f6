import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { Problem } from "../../src/domain/problem.ts";
import type { ScriptCall, ScriptEnd } from "../../src/ports/script-runner.ts";
import { runScripts, type Script } from "../../src/stages/scripts.ts";

const { signal } = new AbortController();
const subject = (name: string) => ({
  image: { repository: "r.example/m", digest: sha256(name) },
  endpoint: { url: `http://127.0.0.1/${name}`, protocol: "v2" as const },
  model: "m",
});
const share = { unit: "ratio", direction: "higher", range: [0, 1] } as const;
const judge: Script = {
  run: ["python", "judge.py"],
  metrics: { helpfulness: share, tone: share },
  env: ["KEY"],
  timeoutMilliseconds: 5,
};

/** Runs the scripts with prepared ends, and tells what they were called with and what was warned of. */
async function run(
  ends: Partial<ScriptEnd>[],
  { compared = [] as string[], champion = true, scripts = { judge } as Record<string, Script> } = {},
) {
  const calls: ScriptCall[] = [];
  const warnings: Problem[] = [];
  const found = await runScripts({
    scripts,
    candidate: subject("candidate"),
    champion: champion ? subject("champion") : null,
    compared: (metric) => compared.includes(metric),
    data: "/data/holdout.csv",
    asked: { rows: 2, mostUnscored: 0 },
    runner: {
      run: async (call) => {
        calls.push(call);
        return { output: null, failure: null, log: "", ...ends[calls.length - 1] };
      },
    },
    warn: (problem) => void warnings.push(problem),
    note: () => undefined,
    signal,
  });
  return { found, calls, warnings };
}
const printed = (helpfulness: number, tone: number) => ({ output: JSON.stringify({ metrics: { helpfulness, tone } }) });

test("a script is told what to measure, and gets its own variables and time", async () => {
  const { calls, warnings, found } = await run([printed(0.9, 0.5)]);
  expect(calls).toEqual([
    {
      words: ["python", "judge.py"],
      told: {
        MODELGATE_SUBJECT: "candidate",
        MODELGATE_ENDPOINT_URL: "http://127.0.0.1/candidate",
        MODELGATE_PROTOCOL: "v2",
        MODELGATE_MODEL: "m",
        MODELGATE_IMAGE: `r.example/m@${sha256("candidate")}`,
        MODELGATE_DATA: "/data/holdout.csv",
        MODELGATE_ROWS: "2",
      },
      passed: ["KEY"],
      milliseconds: 5,
    },
  ]);
  expect(warnings).toEqual([]);
  expect(found).toEqual({
    "judge.helpfulness": { ...share, candidate: { value: 0.9, scores: null }, champion: null },
    "judge.tone": { ...share, candidate: { value: 0.5, scores: null }, champion: null },
  });
});

test("the champion is measured where a gate compares with it", async () => {
  const { calls, found } = await run([printed(0.9, 0.5), printed(0.8, 0.6)], { compared: ["judge.tone"] });
  expect(calls.map(({ told }) => told["MODELGATE_SUBJECT"])).toEqual(["candidate", "champion"]);
  expect(calls[1]?.told["MODELGATE_ENDPOINT_URL"]).toBe("http://127.0.0.1/champion");
  expect(found["judge.tone"]).toMatchObject({ candidate: { value: 0.5 }, champion: { value: 0.6 } });
});

test("a champion that does not answer is not measured", async () => {
  const { calls, found } = await run([printed(0.9, 0.5)], { compared: ["judge.tone"], champion: false });
  expect([calls.length, found["judge.tone"]?.champion]).toEqual([1, null]);
});

test("a script that fails is told with what it said, and none of its metrics has a value", async () => {
  const { found, warnings } = await run([{ failure: "ended with exit code 2", log: "no rubric" }]);
  expect(found["judge.helpfulness"]?.candidate).toEqual({ missing: "python judge.py ended with exit code 2" });
  expect(found["judge.tone"]?.candidate).toHaveProperty("missing");
  expect(warnings).toMatchObject([{ code: "evaluate.command", at: { key: "evaluate.commands.judge" } }]);
  expect(warnings[0]?.message).toMatch(/ended with exit code 2 \(judge, on the candidate\); it said: no rubric/);
});

test("what is missing and what is not declared is told", async () => {
  const { found, warnings } = await run([{ output: '{"metrics": {"tone": 0.5, "length": 3}}' }]);
  expect(found["judge.tone"]?.candidate).toEqual({ value: 0.5, scores: null });
  expect(warnings.map(({ message }) => message)).toEqual([
    "judge printed what is not declared: length",
    expect.stringMatching(/^judge\.helpfulness of the candidate is not measured: it is not in the output/),
  ]);
});
