import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { folder } from "../../../src/adapters/datasets/folder.ts";
import { type Problem, UserError } from "../../../src/domain/problem.ts";
import type { Row, RowPlan } from "../../../src/ports/dataset.ts";

const top = mkdtempSync(join(tmpdir(), "modelgate-folder-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const { signal } = new AbortController();

const plan: RowPlan = {
  inputs: { x: "x" },
  specs: [{ name: "x", dtype: "string", shape: [-1, 1] }],
  label: "y",
  labelKind: "text",
  labelSeparator: null,
  id: null,
  group: null,
  partners: null,
  slices: [],
  split: null,
};
const images = { inputs: { x: "file:file_name" }, label: "label", id: "file_name" };

let folders = 0;
/** A folder of files, by their paths in it. */
function laid(files: Readonly<Record<string, string>>): string {
  const root = join(top, `f${folders++}`);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

async function read(root: string, fields: Partial<RowPlan> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of folder.rows(root, { ...plan, ...fields }, signal)) rows.push(row);
  return rows;
}
const values = async (root: string, fields: Partial<RowPlan> = {}) =>
  (await read(root, fields)).map(({ inputs }) => inputs["x"]!.data[0]);

async function problem(root: string, fields: Partial<RowPlan> = {}): Promise<Problem> {
  const error = await read(root, fields).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems[0]!;
  throw new Error("expected a user's error", { cause: error });
}

const csv = (...cells: string[]): string => `x,y\n${cells.map((cell) => `${cell},0\n`).join("")}`;
const jsonl = (...cells: string[]): string => cells.map((x) => `${JSON.stringify({ x, y: 0 })}\n`).join("");

describe("a folder of data files", () => {
  test("is one data set, in the order of names", async () => {
    const root = laid({
      "b.csv": csv("3"),
      "a.jsonl": jsonl("1", "2"),
      "README.md": "no data",
      ".hidden.csv": csv("9"),
    });
    const rows = await read(root);
    expect(rows.map(({ id, line, file }) => [id, line, file])).toEqual([
      ["1", 1, join(root, "a.jsonl")],
      ["2", 2, join(root, "a.jsonl")],
      ["3", 2, join(root, "b.csv")],
    ]);
    expect(await values(root)).toEqual(["1", "2", "3"]);
  });

  test("may keep its files in data/, as repositories of data sets do", async () => {
    const root = laid({
      "README.md": "",
      "data/test-00001-of-00002.csv": csv("2"),
      "data/test-00000-of-00002.csv": csv("1"),
    });
    expect(await values(root)).toEqual(["1", "2"]);
  });

  test("with several splits gives the one that is asked for, and none when nobody asks", async () => {
    const files = {
      "train.csv": csv("1"),
      "test-0.csv": csv("2"),
      "test_1.jsonl": jsonl("3"),
      "testing.csv": csv("4"),
    };
    const root = laid(files);
    expect(await values(root, { split: "test" })).toEqual(["2", "3"]);
    expect(await values(root, { split: "testing" })).toEqual(["4"]);
    expect(await problem(root)).toMatchObject({
      code: "data.not-found",
      message: expect.stringContaining("several splits: test, testing, train") as unknown,
      hint: "Say which in evaluate.split.",
    });
    expect(await problem(root, { split: "valid" })).toMatchObject({
      message: expect.stringContaining('no split "valid"') as unknown,
      hint: expect.stringContaining("It has test, testing, train.") as unknown,
    });
  });

  test("has a folder for each split, or in data/", async () => {
    expect(await values(laid({ "test/a.csv": csv("1"), "train/a.csv": csv("2") }), { split: "test" })).toEqual(["1"]);
    expect(await values(laid({ "data/test/any.csv": csv("1") }), { split: "test" })).toEqual(["1"]);
    expect((await problem(laid({ "test/a.csv": csv("1"), "train/a.csv": csv("2") }))).message).toMatch(
      /several splits/,
    );
  });

  test("says in which of its files a row is wrong, and ids are unique over all", async () => {
    const root = laid({ "a.csv": csv("1"), "b.csv": "x,y\n1\n", "c.jsonl": '{"x":"1","y":null}\n' });
    const error = (await read(root).catch((reason: unknown) => reason)) as UserError;
    expect(error.problems.map(({ code, at }) => [code, at])).toEqual([
      ["data.syntax", { file: join(root, "b.csv"), line: 2 }],
      ["data.value", { file: join(root, "c.jsonl"), line: 1, key: "y" }],
    ]);
    const twice = laid({ "a.csv": csv("1"), "b.csv": csv("1") });
    expect(await problem(twice, { id: "x" })).toMatchObject({ at: { file: join(twice, "b.csv"), line: 2 } });
  });

  test("has the columns of its inputs in every file, in the order of the first", async () => {
    const specs = [{ name: "x", dtype: "float32" as const, shape: [-1, -1] }];
    const fields = { specs, inputs: { x: "p_*" } };
    const root = laid({ "a.csv": "p_1,p_2,y\n1,2,0\n", "b.csv": "p_2,y,p_1\n2,0,1\n" });
    expect((await read(root, fields)).map(({ inputs }) => inputs["x"]!.data)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const more = laid({ "a.csv": "p_1,y\n1,0\n", "b.csv": "p_1,p_2,y\n1,2,0\n" });
    expect(await problem(more, fields)).toMatchObject({
      code: "data.column",
      message: `the input x takes other columns of ${join(more, "b.csv")} than of ${join(more, "a.csv")}`,
    });
    const less = laid({ "a.csv": "x,y,s\n1,0,a\n", "b.csv": "x,y\n1,0\n" });
    expect((await problem(less, { slices: ["s"] })).message).toMatch(/b.csv has no column "s"/);
  });

  test("that is not there, or has nothing, is told", async () => {
    expect((await problem(join(top, "nowhere"))).message).toMatch(/no data folder/);
    expect((await problem(laid({ "README.md": "" }))).message).toMatch(/neither data files nor folders/);
    expect((await problem(laid({ "a.csv": "x,y\n" }))).code).toBe("data.empty");
  });
});

describe("an image folder", () => {
  test("has a row for each file, whose folder is its class", async () => {
    const root = laid({
      "dog/1.txt": "woof",
      "cat/2.txt": "purr",
      "cat/1.txt": "meow",
      "cat/.DS_Store": "",
      LICENSE: "",
    });
    expect((await read(root, images)).map(({ id, label, inputs }) => [id, label, inputs["x"]!.data[0]])).toEqual([
      ["cat/1.txt", "cat", "meow"],
      ["cat/2.txt", "cat", "purr"],
      ["dog/1.txt", "dog", "woof"],
    ]);
  });

  test("opens its paths, and does not send them: they tell the class", async () => {
    const root = laid({ "cat/1.txt": "meow" });
    expect(await problem(root, { ...images, inputs: { x: "file_name" } })).toMatchObject({
      code: "data.column",
      message: expect.stringContaining("takes file_name, which tells the class") as unknown,
    });
  });

  test("has splits, and a folder inside of a class is no class", async () => {
    const root = laid({ "test/cat/1.txt": "meow", "train/cat/1.txt": "purr" });
    expect(await values(root, { ...images, split: "test" })).toEqual(["meow"]);
    expect((await problem(laid({ "a/cat/1.txt": "meow" }), images)).message).toMatch(
      /the class a in .* holds the folder cat/,
    );
  });

  test.each<[string, string]>([
    ["metadata.csv", "file_name,label\nimages/1.txt,cat\n"],
    ["metadata.jsonl", '{"file_name":"images/1.txt","label":"cat"}\n'],
  ])("has the columns of its %s", async (name, text) => {
    const root = laid({ [name]: text, "images/1.txt": "meow", "images/2.txt": "not listed", "other.csv": csv("1") });
    expect((await read(root, images)).map(({ label, inputs }) => [label, inputs["x"]!.data])).toEqual([
      ["cat", ["meow"]],
    ]);
  });

  test("with two metadata files is told", async () => {
    const root = laid({ "metadata.csv": "", "metadata.jsonl": "" });
    expect((await problem(root, images)).message).toMatch(/metadata.csv and metadata.jsonl/);
  });
});
