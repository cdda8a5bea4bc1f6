import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formats } from "../../../src/adapters/formats/index.ts";
import { pathSource } from "../../../src/adapters/sources/path.ts";
import { parseTensor } from "../../../src/domain/model.ts";
import { UserError } from "../../../src/domain/problem.ts";
import { validate } from "../../../src/stages/validate.ts";

const { signal } = new AbortController();
const contract = { inputs: { prompt: parseTensor("string[-1]") }, outputs: { text: parseTensor("string[-1]") } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "modelgate-weights-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, content: Uint8Array | string): string => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  return join(folder, path);
};
const check = (path: string, declared: typeof contract | null = contract) =>
  validate({
    name: "m",
    path,
    source: pathSource,
    formats: Object.values(formats),
    contract: declared ?? { inputs: null, outputs: null },
    maxBytes: null,
    signal,
    progress: () => undefined,
  });
const problem = async (path: string, declared: typeof contract | null = contract) =>
  check(path, declared).then(
    () => null,
    (error: unknown) => {
      if (error instanceof UserError) return `${error.problems[0]!.code} ${error.message}`;
      throw error;
    },
  );

function tensors(header: object | string, data: number): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(data)]);
}
const one = { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] };
const sound = tensors(
  { __metadata__: { format: "pt" }, a: one, b: { ...one, shape: [1], data_offsets: [24, 28] } },
  28,
);

describe("safetensors", () => {
  test("one file is described, and what it takes and gives comes from the contract", async () => {
    const { model } = await check(put("model.safetensors", sound));
    expect(model).toMatchObject({
      format: "safetensors",
      inputs: [{ name: "prompt", dtype: "string", shape: [-1] }],
      outputs: [{ name: "text", dtype: "string", shape: [-1] }],
      facts: { shards: 1, tensors: 2, parameters: 7, main: "model.safetensors" },
    });
  });

  test("a folder of shards with its configuration is one model", async () => {
    put("llm/model-00002-of-00002.safetensors", sound);
    put("llm/model-00001-of-00002.safetensors", sound);
    put("llm/config.json", "{}");
    const { model } = await check(join(folder, "llm"));
    expect([model.files.length, model.facts]).toEqual([
      3,
      { shards: 2, tensors: 4, parameters: 14, main: "model-00001-of-00002.safetensors" },
    ]);
  });

  test("without a contract nothing says what it takes", async () => {
    expect(await problem(put("m.safetensors", sound), null)).toMatch(/^model.contract .*safetensors does not say/);
  });

  test.each([
    ["a bare pickle", Buffer.from([0x80, 4, 0x95, 0])],
    ["a zip", Buffer.from("PK\u0003\u0004rest")],
  ])("%s beside it is refused", async (_what, content) => {
    put("llm/model.safetensors", sound);
    put("llm/pytorch_model.bin", content);
    expect(await problem(join(folder, "llm"))).toMatch(
      /^model.unknown-format pytorch_model.bin: this is a Python pickle/,
    );
  });

  test.each<[string, Buffer, RegExp]>([
    ["a file that was cut off", sound.subarray(0, -1), /^model.truncated .* has \d+ bytes, and its header promises/],
    ["a header that was cut off", sound.subarray(0, 40), /^model.truncated/],
    ["bytes after the last tensor", Buffer.concat([sound, Buffer.alloc(3)]), /^model.corrupt .*3 bytes follow/],
    ["a gap", tensors({ a: { ...one, data_offsets: [4, 28] } }, 28), /^model.corrupt .*begins at 4/],
    [
      "tensors that overlap",
      tensors({ a: one, b: { ...one, data_offsets: [8, 32] } }, 32),
      /^model.corrupt .*begins at 8/,
    ],
    ["offsets that run backwards", tensors({ a: { ...one, data_offsets: [24, 0] } }, 24), /no sound offsets/],
    ["half a side", tensors({ a: { ...one, shape: [1.5] } }, 24), /no sound shape/],
    ["a name twice", tensors(`{"a":${JSON.stringify(one)},"a":${JSON.stringify(one)}}`, 24), /^model.corrupt .*twice/],
    ["no JSON", tensors('{"a":', 24), /^model.corrupt/],
  ])("%s is told", async (_title, content, message) => {
    expect(await problem(put("m.safetensors", content))).toMatch(message);
  });

  test("changed bytes of the header never end in anything but a problem of the file", async () => {
    const change = fc.tuple(fc.nat(sound.length - 29), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const content = Buffer.from(sound);
        for (const [at, byte] of changes) content[at] = byte;
        const found = await problem(put("m.safetensors", content));
        expect(found === null || found.startsWith("model.")).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe("gguf", () => {
  const header = (version: number, count: bigint, keys: bigint, size = 200): Buffer => {
    const content = Buffer.alloc(size);
    content.write("GGUF");
    content.writeUInt32LE(version, 4);
    content.writeBigUInt64LE(count, 8);
    content.writeBigUInt64LE(keys, 16);
    return content;
  };

  test("its counts are described", async () => {
    const { model } = await check(put("m.gguf", header(3, 2n, 3n)));
    expect(model).toMatchObject({
      format: "gguf",
      facts: { version: 3, tensors: 2, "metadata-keys": 3, main: "m.gguf" },
    });
  });

  test.each<[string, Buffer, RegExp]>([
    ["a version nobody knows", header(4, 1n, 1n), /^model.corrupt .*version is 4/],
    ["a big-endian file", header(0x03_00_00_00, 1n, 1n), /^model.corrupt .*little-endian/],
    ["no tensors", header(3, 0n, 1n), /^model.corrupt .*no tensors/],
    ["more tensors than it has room for", header(3, 2n ** 63n, 1n), /^model.truncated/],
    ["more keys than it has room for", header(3, 1n, 2n ** 40n), /^model.truncated/],
    ["half a header", header(3, 1n, 1n, 20 + 4).subarray(0, 20), /^model.truncated/],
  ])("%s is told", async (_title, content, message) => {
    expect(await problem(put("m.gguf", content))).toMatch(message);
  });
});

test("a pickle is of no known format: nothing here can tell what it would run", async () => {
  const pickle = Buffer.from([0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, 0x2e]);
  expect(await problem(put("model.joblib", pickle))).toMatch(/^model.unknown-format .*looks like a Python pickle/);
});
