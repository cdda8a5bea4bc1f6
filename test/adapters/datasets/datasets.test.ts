import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { datasets } from "../../../src/adapters/datasets/index.ts";
import type { Dtype } from "../../../src/domain/model.ts";
import { type Problem, UserError } from "../../../src/domain/problem.ts";
import type { Row, RowPlan } from "../../../src/ports/dataset.ts";
import { identify } from "../../../src/stages/rows.ts";

const folder = mkdtempSync(join(tmpdir(), "modelgate-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

const plan: RowPlan = {
  inputs: { image: "p_*" },
  specs: [{ name: "image", dtype: "float32", shape: [-1, 2] }],
  label: "y",
  labelKind: "text",
  labelSeparator: null,
  id: "id",
  group: null,
  partners: null,
  slices: ["s"],
  split: null,
};

async function read(kind: keyof typeof datasets, text: string, fields: Partial<RowPlan> = {}): Promise<Row[]> {
  const path = join(folder, `d${Math.random()}.${kind}`);
  writeFileSync(path, text);
  const rows: Row[] = [];
  for await (const row of datasets[kind].rows(path, { ...plan, ...fields }, signal)) rows.push(row);
  return rows;
}

async function problems(
  kind: keyof typeof datasets,
  text: string,
  fields: Partial<RowPlan> = {},
): Promise<readonly Problem[]> {
  try {
    await read(kind, text, fields);
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

const csv = "id,p_0,p_1,s,y\na,1,2,x,0\nb,3,4,z,1\n";
const jsonl = '{"id":"a","p_0":1,"p_1":2,"s":"x","y":0}\n{"id":"b","p_0":3,"p_1":4,"s":"z","y":1}\n';

describe("the same rows in any kind of file are the same data set", () => {
  test.each<[keyof typeof datasets, string]>([
    ["csv", csv],
    ["jsonl", jsonl],
  ])("%s", async (kind, text) => {
    const rows = await read(kind, text);
    expect(rows[1]).toMatchObject({
      id: "b",
      label: "1",
      slices: { s: "z" },
      inputs: { image: { dtype: "float32", shape: [1, 2], data: [3, 4] } },
    });
    expect(identify(rows).digest).toBe(identify(await read("csv", csv)).digest);
  });

  test("a list in a cell fills the input", async () => {
    const rows = await read("jsonl", '{"id":"a","image":[[1,2]],"s":"x","y":0}\n', { inputs: {} });
    expect(rows[0]?.inputs["image"]?.data).toEqual([1, 2]);
  });

  test("order does not matter to the digest, a changed cell does", async () => {
    const [header, first, second] = csv.trim().split("\n");
    const swapped = await read("csv", [header, second, first].join("\n"));
    expect(identify(swapped).digest).toBe(identify(await read("csv", csv)).digest);
    expect(identify(await read("csv", csv.replace("3,4", "3,5"))).digest).not.toBe(identify(swapped).digest);
  });
});

describe("a problem names file, line and column", () => {
  test.each<[string, keyof typeof datasets, string, Problem["code"], number | undefined, RegExp]>([
    ["a column that is missing", "csv", csv.replace("id,", "ident,"), "data.column", 1, /no column "id"/],
    ["a cell that is no number", "csv", csv.replace("3,4", "3,four"), "data.value", 3, /p_1: "four"/],
    ["an empty cell", "csv", csv.replace("3,4", "3,"), "data.value", 3, /empty/],
    ["infinity", "csv", csv.replace("3,4", "3,Infinity"), "data.value", 3, /finite/],
    ["an empty label", "csv", csv.replace("z,1", "z,"), "data.value", 3, /label is empty/],
    ["an id twice", "csv", csv.replace("b,", "a,"), "data.value", 3, /stands twice/],
    ["a ragged row", "csv", csv.replace("b,3,4", "b,3"), "data.syntax", 3, /4 cells, and the first has 5/],
    ["an open quote", "csv", csv.replace("b,3", 'b,"3'), "data.syntax", 3, /CSV/],
    ["a number in another notation", "csv", csv.replace("3,4", "3,0x4"), "data.value", 3, /not a finite number/],
    ["a column twice", "csv", csv.replace("p_1,", "p_0,"), "data.column", 1, /"p_0" more than once/],
    ["a row of three lines, by its first", "csv", csv.replace("a,1,2,x,", 'a,1,?,"x\n\ny",'), "data.value", 2, /"\?"/],
    [
      "a line behind a quoted cell of three",
      "csv",
      csv.replace(",x,", ',"x\n\ny",').replace("3,4", "3,?"),
      "data.value",
      5,
      /"\?"/,
    ],
    ["a line behind empty ones", "csv", csv.replace("\nb,3,4", "\n\n\nb,3,?"), "data.value", 5, /"\?"/],
    [
      "a field that is null",
      "jsonl",
      jsonl.replace('"p_1":4', '"p_1":null'),
      "data.value",
      2,
      /p_1: the value is null/,
    ],
    ["a field that is an object", "jsonl", jsonl.replace('"p_1":4', '"p_1":{}'), "data.value", 2, /an object/],
    ["a field that is missing", "jsonl", jsonl.replace('"p_1":4,', ""), "data.value", 2, /p_1: the field is missing/],
    [
      "a label that is a list",
      "jsonl",
      jsonl.replace('"y":1', '"y":[1]'),
      "data.value",
      2,
      /label is a list, and one value is wanted/,
    ],
    ["no rows", "csv", "id,p_0,p_1,s,y\n", "data.empty", undefined, /no rows/],
    ["nothing at all", "csv", "", "data.empty", undefined, /no rows/],
    ["a line that is no JSON", "jsonl", `${jsonl}{"id":`, "data.syntax", 3, /not JSON/],
    ["a line that is no object", "jsonl", `${jsonl}[1]`, "data.syntax", 3, /not an object/],
  ])("%s", async (_title, kind, text, code, line, message) => {
    const [problem] = await problems(kind, text);
    expect(problem).toMatchObject({ code });
    expect(problem?.message).toMatch(message);
    expect(problem?.at?.line).toBe(line);
  });

  test("many at once, up to twenty", async () => {
    const rows = Array.from({ length: 30 }, (_, index) => `r${index},x,1,s,0`).join("\n");
    expect(await problems("csv", `id,p_0,p_1,s,y\n${rows}\n`)).toHaveLength(20);
  });

  test("lines that cannot be read and rows that are wrong are told together", async () => {
    const text = `${csv.replace("1,2", "1,?")}c,5\nd,"`;
    expect((await problems("csv", text)).map(({ code, at }) => [code, at?.line])).toEqual([
      ["data.value", 2],
      ["data.syntax", 4],
      ["data.syntax", 5],
    ]);
    expect((await problems("jsonl", `{\n${jsonl}[]\n`)).map(({ at }) => at?.line)).toEqual([1, 4]);
  });

  test.each<[Dtype, string, RegExp]>([
    ["uint8", "256", /outside uint8 \(0 to 255\)/],
    ["int64", "9223372036854775808", /outside int64/],
    ["int32", "1.5", /not a whole number/],
    ["float32", "3.5e38", /outside float32/],
    ["float16", "65520", /outside float16/],
    ["bfloat16", "3.4e38", /outside bfloat16/],
    ["float64", "1e309", /not a finite number/],
    ["bool", "yes", /not true or false/],
  ])("a number that %s cannot hold: %s", async (dtype, text, message) => {
    const specs = [{ name: "image", dtype, shape: [-1, 2] }];
    const cells = csv.replace("1,2", "1,1").replace("3,4", `1,${text}`);
    expect((await problems("csv", cells, { specs }))[0]?.message).toMatch(message);
  });

  test("a row that does not fill the input", async () => {
    const specs = [{ name: "image", dtype: "float32" as const, shape: [-1, 3] }];
    expect((await problems("csv", csv, { specs }))[0]?.message).toMatch(/gets 2 values.*\[-1,3\]/);
  });

  test("the nearest column is suggested", async () => {
    expect((await problems("csv", csv, { label: "yy" }))[0]?.hint).toMatch(/Did you mean "y"\?/);
  });
});

test("integers beyond 2^53 are read exactly", async () => {
  const specs = [{ name: "image", dtype: "int64" as const, shape: [-1, 2] }];
  const data = [9007199254740993n, 4];
  const text = jsonl.replace('"p_0":3', '"p_0":9007199254740993');
  expect((await read("jsonl", text, { specs }))[1]!.inputs["image"]!.data).toEqual(data);
  expect((await read("csv", csv.replace("3,4", "9007199254740993,4"), { specs }))[1]!.inputs["image"]!.data).toEqual(
    data,
  );
});

test("a byte order mark, Windows line ends and quoted cells are no trouble", async () => {
  const text = `\uFEFF${csv.replace(",x,", ',"x, ""so""",')}`.replaceAll("\n", "\r\n");
  const [first, second] = await read("csv", text);
  expect([first!.id, first!.slices["s"], second!.label]).toEqual(["a", 'x, "so"', "1"]);
  expect((await read("jsonl", `\uFEFF${jsonl.replaceAll("\n", "\r\n")}`)).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("a text may hold line separators that JSON does not escape", async () => {
  const [, second] = await read("jsonl", jsonl.replace('"z"', '"z\u2028\u0085z"'));
  expect([second!.slices["s"], second!.line]).toEqual(["z\u2028\u0085z", 2]);
});

test("characters on the border of two chunks are whole", async () => {
  const rows = Array.from({ length: 3000 }, (_, index) => ({
    id: `${index}`,
    p_0: 1,
    p_1: 2,
    s: "\u20AC".repeat(100),
    y: 0,
  }));
  const found = await read("jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
  expect(found.every(({ slices }) => slices["s"] === "\u20AC".repeat(100))).toBe(true);
});

test("no text makes a reader crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<keyof typeof datasets>("csv", "jsonl"),
      fc.string(),
      fc.nat(80),
      async (kind, noise, at) => {
        const text = kind === "csv" ? csv : jsonl;
        for (const { code } of await problems(kind, text.slice(0, at) + noise + text.slice(at)))
          expect(code).toMatch(/^data\./);
      },
    ),
    { numRuns: 200 },
  );
  expect(await problems("csv", csv)).toEqual([]);
});
