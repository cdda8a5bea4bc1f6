import { describe, expect, onTestFinished, test } from "vitest";
import { type Problem, UserError } from "../../src/domain/problem.ts";
import type { Dataset, Row, RowPlan } from "../../src/ports/dataset.ts";
import { identify } from "../../src/stages/rows.ts";

/** A kind of data file, and a way to make one. */
export interface DatasetUnderTest {
  dataset: Dataset;
  /** Writes rows of cells under their columns. @returns the path. */
  write(columns: readonly string[], rows: readonly (readonly string[])[]): Promise<string>;
  /** Line of the first row. */
  firstLine: number;
  /** The file that problems name, where it is not the path: the only file of a folder. */
  fileOf?(path: string): string;
  dispose(): Promise<void>;
}

const plan: RowPlan = {
  inputs: { image: "p_*" },
  specs: [{ name: "image", dtype: "float32", shape: [-1, 2] }],
  label: "y",
  labelKind: "text",
  labelSeparator: null,
  id: "id",
  group: null,
  partners: null,
  slices: ["p_slice"],
  split: null,
};
const columns = ["id", "p_0", "p_1", "p_slice", "y"];
const rows = [
  ["b", "1", "2.5", "x", "cat"],
  ["a", "-3e1", "4", "z", "dog, or wolf"],
];

/** What every kind of data file must do. */
export function datasetContract(name: string, make: () => Promise<DatasetUnderTest>): void {
  describe(`data set ${name}`, () => {
    const { signal } = new AbortController();
    const open = async (): Promise<DatasetUnderTest> => {
      const made = await make();
      onTestFinished(() => made.dispose());
      return made;
    };
    const all = async (dataset: Dataset, path: string, fields: Partial<RowPlan> = {}): Promise<Row[]> => {
      const found: Row[] = [];
      for await (const row of dataset.rows(path, { ...plan, ...fields }, signal)) found.push(row);
      return found;
    };
    const problems = async (work: Promise<unknown>): Promise<readonly Problem[]> => {
      const error = await work.then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error instanceof UserError) return error.problems;
      throw new Error("expected a user's error", { cause: error });
    };

    describe("what a label holds", () => {
      const read = async (cell: string, fields: Partial<RowPlan>) => {
        const { dataset, write } = await open();
        const path = await write(["id", "p_0", "p_1", "p_slice", "y"], [["a", "1", "2", "s", cell]]);
        return (await all(dataset, path, fields))[0]!.label;
      };
      const several = { labelKind: "texts", labelSeparator: "|" } as const;
      const one = { labelKind: "texts", labelSeparator: null } as const;
      const vector = { labelKind: "numbers" } as const;

      test.each<[string, Partial<RowPlan>, Row["label"]]>([
        ["cat | dog", several, ["cat", "dog"]],
        ["cat", several, ["cat"]],
        ["", several, []],
        ["either | or", one, ["either | or"]],
        ["", one, [""]],
        ["[0.5, -1e3]", vector, [0.5, -1000]],
      ])("%j", async (cell, fields, label) => {
        expect(await read(cell, fields)).toEqual(label);
      });

      test.each(["", "0.5", "[]", "[1,", '["a"]', "[1, null]"])("%j is no vector", async (cell) => {
        expect(await problems(read(cell, vector))).toMatchObject([{ code: "data.value", at: { key: "y" } }]);
      });
    });

    test("gives the group of each row and the other text of a pair, and sends neither with the inputs", async () => {
      const { dataset, write } = await open();
      const path = await write(
        ["id", "p_0", "p_1", "p_slice", "y", "p_user", "q_0", "q_1"],
        [["a", "1", "2", "s", "cat", "ada", "3", "4"]],
      );
      const [row] = await all(dataset, path, { group: "p_user", partners: { image: "q_*" } });
      expect(row).toMatchObject({
        group: "ada",
        inputs: { image: { data: [1, 2] } },
        partner: { image: { shape: [1, 2], data: [3, 4] } },
      });
    });

    test("a row without a group, and columns of a pair that are missing, are told", async () => {
      const { dataset, write } = await open();
      const path = await write([...columns, "user"], [["a", "1", "2", "x", "cat", ""]]);
      expect(await problems(all(dataset, path, { group: "user" }))).toMatchObject([
        { code: "data.value", message: "the group is empty", at: { key: "user" } },
      ]);
      const pairs = { partners: { image: "q_*", text: "p_0" }, group: "usr" };
      expect((await problems(all(dataset, path, pairs))).map(({ at }) => at?.key)).toEqual([
        "evaluate.group",
        "evaluate.partners.text",
        "evaluate.partners.image",
      ]);
    });

    test("recognises its files by name", async () => {
      const { dataset, write } = await open();
      expect([dataset.recognises(await write(columns, rows)), dataset.recognises("data.xlsx")]).toEqual([true, false]);
    });

    test("gives rows in the order of the file, as batches of one, and a glob takes neither label nor id nor slices", async () => {
      const { dataset, write, firstLine } = await open();
      expect(await all(dataset, await write(columns, rows))).toMatchObject([
        {
          id: "b",
          line: firstLine,
          inputs: { image: { dtype: "float32", shape: [1, 2], data: [1, 2.5] } },
          label: "cat",
          slices: { p_slice: "x" },
        },
        {
          id: "a",
          line: firstLine + 1,
          inputs: { image: { dtype: "float32", shape: [1, 2], data: [-30, 4] } },
          label: "dog, or wolf",
          slices: { p_slice: "z" },
        },
      ]);
    });

    test("the same rows have the same identity in every kind of file, in any order", async () => {
      const { dataset, write } = await open();
      // sha256 of the sorted sha256 of the canonical JSON of each row; computed with Python's json and hashlib.
      const pinned = "sha256:2e1b6132a541e82b7565d36fd516e1ddd107c06e9906f539de30845acfc4b677";
      expect(identify(await all(dataset, await write(columns, rows)))).toEqual({ digest: pinned, rows: 2 });
      expect(identify(await all(dataset, await write(columns, rows.toReversed()))).digest).toBe(pinned);
    });

    test("the label is never an input, whatever the plan says", async () => {
      const { dataset, write } = await open();
      const specs = [{ name: "image", dtype: "float32" as const, shape: [-1, 1] }];
      const path = await write(columns, rows);
      const [problem] = await problems(all(dataset, path, { specs, inputs: { image: "y" } }));
      expect(problem).toMatchObject({ code: "data.column", message: expect.stringContaining("never sent") as unknown });
      const numbers = await write(["p_0", "id", "p_slice", "y"], [["1", "a", "2", "3"]]);
      expect((await all(dataset, numbers, { specs, inputs: { image: "*" } }))[0]!.inputs["image"]!.data).toEqual([1]);
    });

    test("columns stand in a tensor in the order of names, ranges and globs; a range goes by number", async () => {
      const { dataset, write } = await open();
      const path = await write(
        ["p_10", "p_9", "id", "p_slice", "y", "q_01", "q_02", "p_8"],
        [["10", "9", "a", "s", "cat", "1", "2", "8"]],
      );
      const read = async (image: string) => {
        const specs = [{ name: "image", dtype: "float32" as const, shape: [-1, -1] }];
        return (await all(dataset, path, { specs, inputs: { image } }))[0]!.inputs["image"]!.data;
      };
      expect(await read("p_8..p_10")).toEqual([8, 9, 10]);
      expect(await read("q_01..q_02, p_9..p_9")).toEqual([1, 2, 9]);
      expect(await read("p_*")).toEqual([10, 9, 8]);
      const keys = async (image: string) =>
        (await problems(read(image))).map(({ message, at }) => [/"([^"]+)"/.exec(message)?.[1], at?.key]);
      const key = "evaluate.inputs.image";
      expect(await keys("p_8..p_999999999")).toEqual([["p_11", key]]);
      expect(await keys("p_9..p_8")).toEqual([["p_9..p_8", key]]);
      expect(await keys("p_8..q_01")).toEqual([["p_8..q_01", key]]);
      const [found] = await problems(all(dataset, path, { label: "p_9", inputs: { image: "p_8..p_10" } }));
      expect(found?.message).toMatch(/holds the label "p_9".*never sent/);
    });

    test("every column that is missing is told at once, with the nearest that is there", async () => {
      const { dataset, write, fileOf = String } = await open();
      const path = await write(columns, rows);
      const wrong = { label: "yy", slices: ["p_slices"], inputs: { image: "p_0, p_l", picture: "p_0" } };
      const found = await problems(all(dataset, path, wrong));
      expect(found.map(({ at }) => at?.key)).toEqual([
        "evaluate.label",
        "evaluate.slices",
        "evaluate.inputs.picture",
        "evaluate.inputs.image",
      ]);
      expect(found.every(({ code, at }) => code === "data.column" && at?.file === fileOf(path))).toBe(true);
      expect(found.map(({ hint }) => /Did you mean "([^"]+)"/.exec(hint)?.[1])).toEqual([
        "y",
        "p_slice",
        undefined,
        "p_0",
      ]);
    });

    test("what is wrong with rows is told with line and column, up to twenty at once", async () => {
      const { dataset, write, firstLine, fileOf = String } = await open();
      const few = [["a", "1", "two", "", "cat"], ["b", "1", "2", "", ""], rows[0]!, ["b", "1", "2", "", "cat"]];
      const path = await write(columns, few);
      const file = fileOf(path);
      expect((await problems(all(dataset, path))).map(({ code, at }) => [code, at])).toEqual([
        ["data.value", { file, line: firstLine, key: "p_1" }],
        ["data.value", { file, line: firstLine + 1, key: "y" }],
        ["data.value", { file, line: firstLine + 2, key: "id" }],
        ["data.value", { file, line: firstLine + 3, key: "id" }],
      ]);
      const many = await write(
        columns,
        Array.from({ length: 30 }, (_, index) => [String(index), "x", "1", "s", "cat"]),
      );
      expect(await problems(all(dataset, many))).toHaveLength(20);
    });

    test("no rows and no file are the user's to mend", async () => {
      const { dataset, write } = await open();
      expect((await problems(all(dataset, await write(columns, []))))[0]?.code).toBe("data.empty");
      expect((await problems(all(dataset, "nowhere.csv")))[0]?.code).toBe("data.not-found");
    });

    test("reading ends when it is aborted", async () => {
      const { dataset, write } = await open();
      const controller = new AbortController();
      controller.abort(new Error("enough"));
      const reading = async (path: string) => {
        for await (const row of dataset.rows(path, plan, controller.signal)) expect(row).toBeUndefined();
      };
      await expect(reading(await write(columns, rows))).rejects.toThrow();
    });
  });
}
