import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { exampleFolder } from "./bundle.ts";

const program = `#!${process.execPath}
const { appendFileSync, copyFileSync } = require("node:fs");
appendFileSync("runs", "x");
copyFileSync(process.env.MODELGATE_ORIGINAL, process.env.MODELGATE_CONVERTED);
`;

test("a model that is made of another is released, and says of which", () => {
  using example = exampleFolder();
  const { path, edit, modelgate } = example;
  writeFileSync(path("convert.cjs"), program);
  chmodSync(path("convert.cjs"), 0o755);
  const convert = (tool: string): void =>
    edit("modelgate.yml", (text) =>
      text
        .replace(/ {2}convert:.*\n/, "")
        .replace("  contract:", `  convert: { run: [./convert.cjs], tool: "${tool}", to: served.onnx }\n  contract:`),
    );
  convert(sha256("another program"));
  const refused = modelgate("run");
  expect([refused.exitCode, refused.problems[0]?.code]).toEqual([2, "model.conversion"]);
  expect(existsSync(path("runs"))).toBe(false);
  convert(sha256(program));
  const ran = modelgate("run");
  expect([ran.exitCode, ran.outcome?.judgement?.verdict]).toEqual([0, "pass"]);
  const [made] = readdirSync(path(".modelgate/converted"));
  expect(readdirSync(path(`.modelgate/converted/${made}`))).toEqual(["served.onnx"]);
  expect(JSON.stringify(ran)).toMatch(/"converted_from":"sha256:[0-9a-f]{64}","converter":"sha256:/);
});
