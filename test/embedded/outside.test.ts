import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exampleFolder } from "./bundle.ts";

/** Without the load test, which a busy machine makes inconclusive: nothing here is about it. */
const unloaded = (text: string): string =>
  text.replace(/^load:.*\n/m, "").replaceAll(/^ {2}- (latency|error_rate).*\n/gm, "");

/** Asks the endpoint it is told each row of the data, and scores 1 where the answer is right. */
const judge = `import { readFileSync } from "node:fs";
const { MODELGATE_ENDPOINT_URL: url, MODELGATE_MODEL: model, MODELGATE_DATA: data } = process.env;
const [header, ...rows] = readFileSync(data, "utf8").trim().split("\\n").map((line) => line.split(","));
const hits = [];
for (const row of rows) {
  const pixels = row.filter((_, column) => header[column].startsWith("pixel_")).map(Number);
  const inputs = [{ name: "image", datatype: "FP32", shape: [1, pixels.length], data: pixels }];
  const body = JSON.stringify({ inputs });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(\`\${url}/v2/models/\${model}/infer\`, { method: "POST", headers, body });
  const scores = (await answer.json()).outputs[0].data;
  hits.push(scores.indexOf(Math.max(...scores)) === Number(row[header.indexOf("digit")]) ? 1 : 0);
}
console.log(JSON.stringify({ rows: { hits } }));
`;

const gates = ["judge.hits >= 0.9", "judge.hits >= champion - 1pp @95%", "judge.hits >= 0.85 @90% by stroke [min 200]"];

test("what a script measures row by row is judged as accuracy is, against the champion and by slice", () => {
  using example = exampleFolder();
  mkdirSync(example.path("eval"));
  writeFileSync(example.path("eval/judge.mjs"), judge);
  example.edit("modelgate.yml", (text) =>
    unloaded(text)
      .replace(
        "  slices: [stroke]\n",
        (slices) =>
          `${slices}  commands: { judge: { run: [node, eval/judge.mjs], metrics: { hits: { better: higher, unit: ratio } } } }\n`,
      )
      .replace("gates:\n", (key) => `${key}${gates.map((gate) => `  - ${gate}\n`).join("")}`),
  );
  expect(example.modelgate("verify-gate").exitCode).toBe(0);
  const first = example.modelgate("run");
  expect(first.exitCode, first.stderr).toBe(0);
  expect(example.modelgate("promote", "--image", first.outputs["image"]!).exitCode).toBe(0);
  example.candidate("worse");
  const worse = example.modelgate("run");
  const statusOf = (text: string) => worse.outcome?.judgement?.checks.find((check) => check.text === text)?.status;
  expect(gates.map(statusOf)).toEqual(
    gates.map((text) =>
      statusOf(text.replace("judge.hits", "accuracy").replace("0.9", "0.90").replace("0.900", "0.90")),
    ),
  );
  expect(gates.map(statusOf)).toEqual(["fail", "fail", "fail"]);

  for (const part of ["1/2", "2/2", "all"]) expect(example.modelgate("evaluate", "--shard", part).exitCode).toBe(0);
  const merged = example.modelgate("gate").outcome?.judgement?.checks;
  expect(merged?.filter(({ text }) => gates.includes(text))).toEqual(
    worse.outcome?.judgement?.checks.filter(({ text }) => gates.includes(text)),
  );
  expect(example.modelgate("replay").outcome?.headline).toMatch(/would be fail; its verdict is fail/);

  writeFileSync(example.path("eval/judge.mjs"), 'console.error("the rubric is gone"); process.exit(2);');
  expect(example.modelgate("evaluate").exitCode).toBe(0);
  const broken = example.modelgate("gate");
  const said = broken.outcome?.judgement?.checks.filter(({ text }) => gates.includes(text)) ?? [];
  expect(said.map(({ status }) => status)).toEqual(["error", "error", "error"]);
  expect(JSON.stringify(said)).toContain("node eval/judge.mjs ended with exit code 2");
});

/** Leaves what lm-evaluation-harness writes about the image that it is told. */
const harness = `import { writeFileSync } from "node:fs";
const acc = { "acc,none": 0.9, "acc_stderr,none": Math.sqrt(0.09 / 1999), sample_len: 2000 };
const configs = { arc: { metadata: { version: 1, image: process.env.MODELGATE_IMAGE } } };
const rest = { versions: { arc: 1 }, "n-shot": { arc: 0 }, higher_is_better: { arc: { acc: true } }, lm_eval_version: "0.4.13" };
writeFileSync("out.json", JSON.stringify({ results: { arc: acc }, configs, ...rest }));
console.log(JSON.stringify({ metrics: { ended: 1 } }));
`;
const operated = ["image.size <= 100 MB", "image.size <= champion + 10%", "cold_start <= 60 s", "memory.max <= 4 GB"];
const imported = ["harness.arc >= 0.85 @95%", "harness.arc >= champion - 5pp @95%"];

test("results of another tool count for the image they name, beside the champion's own; what running it takes is measured", () => {
  using example = exampleFolder();
  writeFileSync(example.path("harness.mjs"), harness);
  example.edit("modelgate.yml", (text) =>
    unloaded(text)
      .replace(
        "  slices: [stroke]\n",
        (slices) => `${slices}  commands: { tool: { run: [node, harness.mjs], metrics: { ended: { better: higher } } } }
  imports: { harness: { tool: lm-eval, from: out.json, metrics: { arc: { of: "arc/acc,none", better: higher, unit: ratio } } } }
`,
      )
      .replace("gates:\n", (key) => `${key}${[...imported, ...operated].map((gate) => `  - ${gate}\n`).join("")}`),
  );
  expect(example.modelgate("verify-gate").exitCode).toBe(0);
  const first = example.modelgate("run");
  expect(first.exitCode, first.stderr).toBe(0);
  expect(example.modelgate("promote", "--image", first.outputs["image"]!).exitCode).toBe(0);
  example.candidate("better");
  const statuses = (ran: ReturnType<typeof example.modelgate>) =>
    [...imported, ...operated].map(
      (text) => ran.outcome?.judgement?.checks.find((check) => check.text === text)?.status,
    );
  expect(statuses(example.modelgate("run"))).toEqual(["pass", "pass", "pass", "pass", "pass", "pass"]);

  // What the tool left is of the first image from here on.
  writeFileSync(
    example.path("harness.mjs"),
    harness.replace("process.env.MODELGATE_IMAGE", JSON.stringify(first.outputs["image"])),
  );
  expect(example.modelgate("evaluate").exitCode).toBe(0);
  const stranger = example.modelgate("gate");
  expect(statuses(stranger)).toEqual(["error", "error", "pass", "pass", "pass", "pass"]);
  expect(JSON.stringify(stranger.outcome?.judgement)).toContain("out.json does not count: it measured sha256:");
});
