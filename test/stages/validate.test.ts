import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { onnx } from "../../src/adapters/formats/onnx.ts";
import { pathSource } from "../../src/adapters/sources/path.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { modelDigest, parseTensor } from "../../src/domain/model.ts";
import { type Problem, UserError } from "../../src/domain/problem.ts";
import { type ValidateOptions, validate } from "../../src/stages/validate.ts";

const fixtures = join(import.meta.dirname, "../fixtures/models");
const { signal } = new AbortController();

const run = (path: string, fields: Partial<ValidateOptions> = {}) =>
  validate({
    name: "m",
    path,
    source: pathSource,
    formats: [onnx],
    contract: { inputs: null, outputs: null },
    maxBytes: null,
    signal,
    progress: () => undefined,
    ...fields,
  });

const problemsOf = async (path: string, fields: Partial<ValidateOptions> = {}): Promise<readonly Problem[]> => {
  try {
    await run(path, fields);
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "modelgate-validate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a sound model is described as the onnx library describes it", () => {
  test("inputs, outputs, opset and parameters of a network", async () => {
    const { model } = await run(join(fixtures, "mlp_op17.onnx"));
    expect(model).toMatchObject({
      format: "onnx",
      inputs: [{ name: "input", dtype: "float32", shape: ["batch", 4] }],
      outputs: [{ name: "output", dtype: "float32", shape: ["batch", 2] }],
      facts: { opset: 17, ir: 8, parameters: 56, main: "mlp_op17.onnx" },
    });
  });

  test("the digest covers name, size and content of each file", async () => {
    const { model } = await run(join(fixtures, "mlp_op17.onnx"));
    const bytes = readFileSync(join(fixtures, "mlp_op17.onnx"));
    expect(model.files).toEqual([{ path: "mlp_op17.onnx", bytes: bytes.length, digest: sha256(bytes) }]);
    expect(model.digest).toBe(modelDigest(model.files));
  });

  test("outputs that are no tensors are named, not served", async () => {
    const { model } = await run(join(fixtures, "sk_logreg.onnx"));
    expect(model.outputs.map(({ name }) => name)).toEqual(["output_label"]);
    expect(model.facts["outputs-not-served"]).toBe("output_probability");
  });

  test("external data in the folder belong to the model, whether the file or the folder is named", async () => {
    const file = await run(join(fixtures, "onnx_ext/model.onnx"));
    const whole = await run(join(fixtures, "onnx_ext"));
    expect(file.model.files).toHaveLength(2);
    expect(file.model.digest).toBe(whole.model.digest);
  });

  test("custom domains are named", async () => {
    const { model } = await run(join(fixtures, "s_custom_op.onnx"));
    expect(model.facts["custom-domains"]).toBe("com.acme");
  });
});

describe("what is not a sound model is told by its own problem", () => {
  test.each([
    ["c_empty.onnx", "model.empty", /Export/],
    ["c_truncated.onnx", "model.truncated", /cut off/],
    ["c_rawsize.onnx", "model.corrupt", /damaged/],
    ["c_lfs_pointer.safetensors", "model.lfs-pointer", /git lfs pull/],
    ["c_html.bin", "model.html", /login/],
    ["m_ext_dotdot.onnx", "model.external-data", /inside/],
    ["m_ext_abs.onnx", "model.external-data", /inside/],
    ["m_eval_print.pkl", "model.unknown-format", /Known formats: onnx/],
    ["add.tflite", "model.unknown-format", /Known formats: onnx/],
    ["dense.keras", "model.unknown-format", /Known formats: onnx/],
    ["saved_model_ok", "model.unknown-format", /Known formats: onnx/],
    ["no_such_file.onnx", "model.not-found", /model.path/],
  ])("%s: %s", async (name, code, hint) => {
    const [problem] = await problemsOf(join(fixtures, name));
    expect(problem).toMatchObject({ code });
    expect(problem?.hint).toMatch(hint);
  });

  test("a truncated file names the byte where the broken part begins", async () => {
    const [problem] = await problemsOf(join(fixtures, "c_truncated.onnx"));
    expect(problem?.at?.offset).toBe(7);
  });

  test("a link or a hard link as external data is refused", async () => {
    cpSync(join(fixtures, "onnx_ext"), folder, { recursive: true });
    const [data] = ["w.bin", "weights.bin", "model.onnx.data"].filter((name) => {
      try {
        return readFileSync(join(folder, name)).length > 0;
      } catch {
        return false;
      }
    });
    const bytes = readFileSync(join(folder, data!));
    rmSync(join(folder, data!));
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere/data"), bytes);
    symlinkSync(join(folder, "elsewhere/data"), join(folder, data!));
    expect((await problemsOf(join(folder, "model.onnx")))[0]).toMatchObject({
      code: "model.external-data",
      message: expect.stringContaining("link"),
    });
    rmSync(join(folder, data!));
    linkSync(join(folder, "elsewhere/data"), join(folder, data!));
    expect((await problemsOf(join(folder, "model.onnx")))[0]).toMatchObject({
      code: "model.external-data",
      message: expect.stringContaining("hard link"),
    });
  });

  test("a model larger than the policy allows is refused", async () => {
    expect((await problemsOf(join(fixtures, "mlp_op17.onnx"), { maxBytes: 10 }))[0]).toMatchObject({
      code: "model.too-large",
    });
  });
});

test("every difference from the contract is told at once", async () => {
  const inputs = { input: parseTensor("float64[-1,4]"), extra: parseTensor("int64[1]") };
  const outputs = { output: parseTensor("float32[-1,3]") };
  const problems = await problemsOf(join(fixtures, "mlp_op17.onnx"), { contract: { inputs, outputs } });
  expect(problems.map(({ code, at }) => [code, at?.key])).toEqual([
    ["model.contract", "input"],
    ["model.contract", "extra"],
    ["model.contract", "output"],
  ]);
  expect(problems[0]?.message).toMatch(/float64\[-1,4\].*float32\[batch,4\]/);
});

test("a file that is written to while it is read is noticed", async () => {
  const path = join(folder, "m.onnx");
  cpSync(join(fixtures, "mlp_op17.onnx"), path);
  const source = {
    kind: "path",
    open: async (name: string) => {
      const opened = await pathSource.open(name);
      writeFileSync(path, readFileSync(path));
      return opened;
    },
  };
  expect((await problemsOf(path, { source }))[0]).toMatchObject({ code: "model.changed" });
});

test("no damage to a model file makes anything but a problem or a model, and all of them end", async () => {
  const sound = readFileSync(join(fixtures, "mlp_op17.onnx"));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat(sound.length)),
      async (edits, cut) => {
        const bytes = Uint8Array.from(sound);
        for (const [at, value] of edits) bytes[at] = value;
        const path = join(folder, "m.onnx");
        writeFileSync(path, cut === null ? bytes : bytes.subarray(0, cut));
        const problems = await problemsOf(path);
        for (const { code } of problems) expect(code).toMatch(/^model\./);
      },
    ),
    { numRuns: 400 },
  );
  expect(sound.length).toBeGreaterThan(0);
});
