import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { csv } from "../../../src/adapters/datasets/csv.ts";
import type { TensorSpec } from "../../../src/domain/model.ts";
import { type Problem, UserError } from "../../../src/domain/problem.ts";
import type { Row, RowPlan } from "../../../src/ports/dataset.ts";
import { identify } from "../../../src/stages/rows.ts";

const top = mkdtempSync(join(tmpdir(), "modelgate-files-"));
const data = join(top, "data");
mkdirSync(join(data, "images"), { recursive: true });
afterAll(() => rmSync(top, { recursive: true, force: true }));
const { signal } = new AbortController();

const text: TensorSpec = { name: "x", dtype: "string", shape: [-1, 1] };
const bytes: TensorSpec = { name: "x", dtype: "uint8", shape: [-1, -1] };

const plan: RowPlan = {
  inputs: { x: "file:path" },
  specs: [text],
  label: "y",
  labelKind: "text",
  labelSeparator: null,
  id: null,
  group: null,
  partners: null,
  slices: [],
  split: null,
};

async function read(path: string, fields: Partial<RowPlan> = {}): Promise<Row[]> {
  const file = join(data, "rows.csv");
  writeFileSync(file, `path,y\n"${path}",0\n`);
  const rows: Row[] = [];
  for await (const row of csv.rows(file, { ...plan, ...fields }, signal)) rows.push(row);
  return rows;
}

async function problem(path: string, fields: Partial<RowPlan> = {}): Promise<Problem> {
  const error = await read(path, fields).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems[0]!;
  throw new Error("expected a user's error", { cause: error });
}

const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(data, name), content);
  return name;
};

test("a text input takes the text of a file as it is, with its mark and its line ends", async () => {
  const name = put("images/a.txt", "\uFEFFZürich\r\n");
  expect((await read(name))[0]!.inputs["x"]).toEqual({ dtype: "string", shape: [1, 1], data: ["\uFEFFZürich\r\n"] });
});

test("a uint8 input takes the bytes of a file, and base64: gives any file to a text input", async () => {
  const name = put("images/a.png", Uint8Array.of(0x89, 0x50, 0, 0xff));
  const [row] = await read(name, { specs: [bytes] });
  expect(row!.inputs["x"]).toEqual({ dtype: "uint8", shape: [1, 4], data: [0x89, 0x50, 0, 0xff] });
  const [other] = await read(name, { inputs: { x: "base64: path" } });
  expect(other!.inputs["x"]!.data).toEqual(["iVAA/w=="]);
  expect(await problem(name)).toMatchObject({
    code: "data.value",
    message: 'file:path: "images/a.png" is no text in UTF-8; base64: sends any file',
    at: { line: 2, key: "path" },
  });
});

test("the identity of a data set covers the bytes of its files", async () => {
  const name = put("images/b.txt", "one");
  const before = identify(await read(name)).digest;
  expect(identify(await read(name)).digest).toBe(before);
  put("images/b.txt", "two");
  expect(identify(await read(name)).digest).not.toBe(before);
});

test("no path leaves the folder of the data, by itself or by a link", async () => {
  const outside = join(top, "secret.txt");
  writeFileSync(outside, "secret");
  symlinkSync(outside, join(data, "link.txt"));
  symlinkSync(top, join(data, "up"));
  symlinkSync(join(data, put("inside.txt", "inside")), join(data, "own.txt"));
  for (const path of ["../secret.txt", outside, "images/../../secret.txt", String.raw`..\secret.txt`, "C:/secret.txt"])
    expect((await problem(path)).message).toMatch(/leads out of the folder/);
  for (const path of ["link.txt", "up/secret.txt", "up"])
    expect((await problem(path)).message).toMatch(/is a link that leads out of the folder/);
  expect((await read("own.txt"))[0]!.inputs["x"]!.data).toEqual(["inside"]);
  expect((await read(put("..dots.txt", "dots")))[0]!.inputs["x"]!.data).toEqual(["dots"]);
});

test("what is no file, not there or too large is told before it is read", async () => {
  execFileSync("mkfifo", [join(data, "pipe")]);
  const large = put("large.bin", "");
  truncateSync(join(data, large), 64 * 2 ** 20 + 1);
  expect((await problem("pipe")).message).toMatch(/"pipe" is no file/);
  expect((await problem("images")).message).toMatch(/"images" is no file/);
  expect((await problem("nowhere.png")).message).toMatch(/there is no file "nowhere.png"/);
  expect((await problem("")).message).toMatch(/there is no path/);
  expect((await problem("a\0b")).message).toMatch(/there is no path/);
  expect((await problem(large)).message).toMatch(/has 67108865 bytes, and at most 67108864 are sent/);
});

test("an input of numbers takes no file, and bytes must fit its shape", async () => {
  const name = put("images/c.bin", "four");
  const numbers: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 4] };
  expect(await problem(name, { specs: [numbers] })).toMatchObject({
    code: "data.column",
    at: { key: "evaluate.inputs.x" },
  });
  expect(await problem(name, { specs: [bytes], inputs: { x: "base64:path" } })).toMatchObject({ code: "data.column" });
  expect((await problem(name, { specs: [{ ...bytes, shape: [1, 3] }] })).message).toMatch(/gives 4 values.*\[1,3\]/);
  expect(await problem(name, { inputs: { x: "file:paht" } })).toMatchObject({
    code: "data.column",
    hint: expect.stringContaining('Did you mean "path"?') as unknown,
  });
});

test("the file of the label is no way around the rule that labels are never sent", async () => {
  const name = put("images/d.txt", "text");
  expect((await problem(name, { inputs: { x: "file:y" } })).message).toMatch(/never sent/);
});
