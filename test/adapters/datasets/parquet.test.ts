import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type ColumnMetaData, parquetMetadata } from "hyparquet";
import { afterAll, describe, expect, test } from "vitest";
import { checkGroup } from "../../../src/adapters/datasets/parquet/pages.ts";
import { runsIn } from "../../../src/adapters/datasets/parquet/runs.ts";
import { legacyInstant } from "../../../src/adapters/datasets/parquet/values.ts";
import { parquet } from "../../../src/adapters/datasets/parquet.ts";
import type { Dtype } from "../../../src/domain/model.ts";
import { type Problem, UserError } from "../../../src/domain/problem.ts";
import type { Row, RowPlan } from "../../../src/ports/dataset.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/parquet");
const folder = mkdtempSync(join(tmpdir(), "modelgate-parquet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

const plan: RowPlan = {
  inputs: { x: "x" },
  specs: [{ name: "x", dtype: "float64", shape: [-1, 1] }],
  label: "y",
  labelKind: "text",
  labelSeparator: null,
  id: "id",
  group: null,
  partners: null,
  slices: [],
  split: null,
};

async function read(path: string, fields: Partial<RowPlan> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of parquet.rows(path, { ...plan, ...fields }, signal)) rows.push(row);
  return rows;
}

async function problems(path: string, fields: Partial<RowPlan> = {}): Promise<readonly Problem[]> {
  try {
    await read(path, fields);
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

const fixture = (name: string): string => join(fixtures, `${name}.parquet`);
let files = 0;
function written(bytes: Uint8Array): string {
  const path = join(folder, `${files++}.parquet`);
  writeFileSync(path, bytes);
  return path;
}

describe("files of another writer", () => {
  test.each(["none", "snappy", "gzip", "brotli", "zstd", "v2"])("%s", async (name) => {
    expect(
      (await read(fixture(name))).map(({ id, line, inputs, label }) => [id, line, inputs["x"]!.data, label]),
    ).toEqual([
      ["a", 1, [0.5], "cat"],
      ["b", 2, [-1e300], "dog"],
      ["c", 3, [3], "cat"],
    ]);
  });

  test("a compression that is not known is named, with those that are", async () => {
    expect(await problems(fixture("lz4"))).toMatchObject([
      {
        code: "data.syntax",
        message: expect.stringContaining("the column id is compressed with LZ4_RAW") as unknown,
        hint: expect.stringContaining("snappy, gzip, brotli, zstd") as unknown,
      },
    ]);
  });

  test("a file without rows is empty", async () => {
    expect(await problems(fixture("empty"))).toMatchObject([{ code: "data.empty" }]);
  });
});

describe("what a column holds", () => {
  const input = async (column: string, dtype: Dtype): Promise<unknown> => {
    const fields = { label: "id", specs: [{ name: "x", dtype, shape: [-1, -1] }], inputs: { x: column } };
    const path = fixture("kinds");
    const reading = parquet.rows(path, { ...plan, ...fields }, signal)[Symbol.asyncIterator]();
    const { value } = (await reading.next()) as { value: Row };
    // The second row is null in every column.
    const error = await reading.next().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      problems: [
        {
          code: "data.value",
          message: expect.stringMatching(/is null|gets 0 values/) as unknown,
          at: { line: 2, key: column },
        },
      ],
    });
    return value.inputs["x"]!.data;
  };

  test.each<[string, Dtype, unknown[]]>([
    ["int64", "int64", [9007199254740993n]],
    ["uint64", "uint64", [18446744073709551615n]],
    ["uint32", "uint32", [4294967295]],
    ["int8", "int8", [-128]],
    ["float16", "float16", [0.5]],
    ["float32", "float32", [Math.fround(0.1)]],
    ["bool", "bool", [true]],
    ["small", "string", ["0.3"]],
    ["decimal", "string", ["-12345678901234567890.12345"]],
    ["date", "string", ["1969-12-31"]],
    ["instant", "string", ["2023-11-14T22:13:20.123456789Z"]],
    ["early", "string", ["1969-12-31T23:59:58.5Z"]],
    ["local", "string", ["2023-11-14T22:13:20"]],
    ["time", "string", ["01:02:03.5"]],
    ["text", "string", ["Zürich \u{1F600}"]],
    ["word", "string", ["often"]],
    ["list", "float64", [1.5, -2]],
    ["matrix", "int32", [1, 2, 3, 4]],
    ["fixed", "float32", [1, 2]],
  ])("%s fills %s", async (column, dtype, data) => {
    expect(await input(column, dtype)).toEqual(data);
  });

  test("null is missing wherever it stands, and bytes that are no text are told", async () => {
    const found = async (column: string) => {
      const specs = [{ name: "x", dtype: "string" as const, shape: [-1, -1] }];
      const [first] = await problems(fixture("kinds"), { specs, inputs: { x: column }, label: "id" });
      return [first!.message, first!.at?.line, first!.at?.key];
    };
    expect(await found("holes")).toEqual(["holes: the value is null", 1, "holes"]);
    expect(await found("bytes")).toEqual([
      `${fixture("kinds")}: bytes: the value is binary, and no text in UTF-8`,
      1,
      "bytes",
    ]);
    expect(await problems(fixture("kinds"), { label: "word", inputs: { x: "float32" } })).toMatchObject([
      { message: "the label is empty", at: { line: 2, key: "word" } },
    ]);
  });

  test("an instant keeps its nanoseconds", () => {
    expect(legacyInstant(1_000_000_001n)).toBe("1970-01-01T00:00:01.000000001");
    expect(legacyInstant(-1n)).toBe("1969-12-31T23:59:59.999999999");
    expect(() => legacyInstant(2n ** 96n)).toThrow("beyond the calendar");
  });

  test("a list of texts is the label of several classes", async () => {
    const label = { labelKind: "texts", label: "texts", inputs: { x: "bool" } } as const;
    const specs = [{ name: "x", dtype: "bool" as const, shape: [-1, -1] }];
    const path = fixture("kinds");
    const reading = parquet.rows(path, { ...plan, ...label, specs }, signal)[Symbol.asyncIterator]();
    expect((await reading.next()).value).toMatchObject({ label: ["x", "y"] });
    await reading.return?.();
  });

  test.each(["struct", "wrapped", "map"])("a %s is no column of values", async (column) => {
    expect(await problems(fixture("kinds"), { label: column, inputs: { x: "float32" } })).toMatchObject([
      { code: "data.column", message: `the column ${column} is a struct or a map`, at: { key: column } },
    ]);
  });
});

describe("a file that is damaged", () => {
  const sound = readFileSync(fixture("snappy"));
  const wrong = async (bytes: Uint8Array) => {
    const [problem] = await problems(written(bytes));
    expect(problem).toMatchObject({ code: "data.syntax", at: { file: expect.stringMatching(/parquet$/) as unknown } });
    return problem!.message;
  };

  test("is told as such, by what is wrong", async () => {
    const footer = (length: number) => {
      const bytes = Buffer.from(sound);
      bytes.writeUInt32LE(length, bytes.length - 8);
      return bytes;
    };
    expect(await wrong(sound.subarray(0, 700))).toMatch(/does not end with PAR1/);
    expect(await wrong(Buffer.alloc(0))).toMatch(/0 bytes, too few/);
    expect(await wrong(Buffer.from("version https://git-lfs.github.com/spec/v1"))).toMatch(/does not end with PAR1/);
    expect(await wrong(footer(1e9))).toMatch(/says that its footer has 1000000000/);
    expect(await wrong(Buffer.concat([sound.subarray(0, -4), Buffer.from("PARE")]))).toMatch(/encrypted/);
    expect(await wrong(Buffer.concat([sound.subarray(0, 4), sound.subarray(300)]))).toMatch(
      /cannot be read as Parquet/,
    );
  });

  test("sizes in a footer are checked before memory is taken", () => {
    const [{ meta_data: meta } = {}] = parquetMetadata(new Uint8Array(sound).buffer).row_groups[0]!.columns;
    const group = (fields: Partial<ColumnMetaData>) => () => checkGroup(3, [meta!, { ...meta!, ...fields }]);
    expect(group({})).not.toThrow();
    expect(group({ total_uncompressed_size: 2n ** 30n })).toThrow(/row group 3 takes \d+ bytes uncompressed/);
    expect(group({ num_values: 2n ** 26n + 1n })).toThrow(/row group 3 has 67108865 values in id/);
  });

  test("a run of two thousand million values is never decoded", () => {
    const run = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 1);
    expect(() => runsIn(run, 1, 3, "the column x")).toThrow(
      "the column x has a run of 2147483647 values where 3 are left",
    );
    expect(() => runsIn(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 0, 3, "x")).toThrow("a run of 17179869176");
    expect(() => runsIn(Uint8Array.of(0, 0), 1, 3, "x")).toThrow("a run of 0 values");
    expect(runsIn(Uint8Array.of(6, 1), 1, 3, "x")).toBe(3);
    expect(runsIn(Uint8Array.of(3, 0b101), 1, 3, "x")).toBe(8);
  });

  test("never brings down the reader", async () => {
    const names = ["none", "snappy", "gzip", "zstd", "v2", "kinds"];
    const sources = Object.fromEntries(names.map((name) => [name, readFileSync(fixture(name))]));
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (name, changes) => {
          const bytes = Buffer.from(sources[name]!);
          for (const { at, byte } of changes) bytes[Math.floor(at * bytes.length)] = byte;
          const path = join(folder, "changed.parquet");
          writeFileSync(path, bytes);
          const wide = { label: "id", specs: [{ name: "x", dtype: "string" as const, shape: [-1, -1] }] };
          const kinds = {
            ...wide,
            inputs: { x: "int64,decimal,instant,time,word,bytes,list,matrix,holes,fixed,texts" },
          };
          for (const { code } of await problems(path, name === "kinds" ? kinds : {})) expect(code).toMatch(/^data\./);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("only the columns that are asked for are read", async () => {
  const bytes = Buffer.from(readFileSync(fixture("snappy")));
  const { columns } = parquetMetadata(new Uint8Array(bytes).buffer).row_groups[0]!;
  const { dictionary_page_offset: first } = columns[1]!.meta_data!;
  bytes.fill(0xff, Number(first), Number(first) + 8);
  const path = written(bytes);
  expect((await problems(path))[0]?.code).toBe("data.syntax");
  const fields = { inputs: { x: "id" }, specs: [{ name: "x", dtype: "string" as const, shape: [-1, 1] }], id: null };
  expect(await read(path, fields)).toHaveLength(3);
});

test("a name may also end in .pq", async () => {
  const path = join(folder, "also.pq");
  cpSync(fixture("zstd"), path);
  expect(parquet.recognises(path)).toBe(true);
  expect(await read(path)).toHaveLength(3);
});
