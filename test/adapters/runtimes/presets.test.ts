import { describe, expect, test } from "vitest";
import { protocols } from "../../../src/adapters/protocols/index.ts";
import { needBase, type RuntimeOptions, runtimes } from "../../../src/adapters/runtimes/index.ts";
import type { Model } from "../../../src/domain/model.ts";
import type { RuntimePlan } from "../../../src/ports/runtime.ts";
import { releaseOf } from "../../fakes/release.ts";

const { signal } = new AbortController();
const custom = {
  command: ["serve", "--folder", "{model}", "--weights={file}", "{name}"],
  port: 9000,
  protocol: "v2",
  ready: "/models/{name}/ready",
  env: { WEIGHTS: "{file}" },
};
const options = { custom } as unknown as RuntimeOptions;

type Kind = Exclude<keyof typeof runtimes, "onnx">;
const kinds = Object.keys(runtimes).filter((kind) => kind !== "onnx") as Kind[];

const modelOf = (format: string, main = "model.bin"): Model => ({
  ...releaseOf("a").model,
  name: "digits",
  format,
  inputs: [{ name: "image", dtype: "float32", shape: ["batch", 64] }],
  outputs: [{ name: "probabilities", dtype: "float32", shape: [-1, 10] }],
  facts: { main },
});
const planOf = (kind: Kind, model?: Partial<Model>): Promise<RuntimePlan> => {
  const runtime = runtimes[kind](options);
  return runtime.plan({ ...modelOf(runtime.formats?.[0] ?? "any"), ...model }, signal);
};

describe.each(kinds)("the runtime %s", (kind) => {
  test("keeps the folder of the model's bytes free of anything else", async () => {
    const { modelFolder, files = {} } = await planOf(kind);
    expect(modelFolder).toMatch(/^models\/digits(\/1)?$/);
    expect(Object.keys(files).filter((path) => path.startsWith(`${modelFolder}/`))).toEqual([]);
    for (const path of Object.keys(files)) expect(path).toMatch(/^[^/].*[^/]$/);
  });

  test("starts one program, on every interface of the container, and says where it is ready", async () => {
    const { entrypoint, port, readyPath, protocol } = await planOf(kind);
    expect(entrypoint.every((word) => word !== "")).toBe(true);
    expect([Number.isInteger(port), readyPath?.startsWith("/"), protocol.length > 0]).toEqual([true, true, true]);
    expect(entrypoint.join(" ")).not.toMatch(/127\.0\.0\.1|localhost/);
  });

  test("asks for a base image by a pinned tag, or for the user's", () => {
    const { defaultBase } = runtimes[kind](options);
    expect(needBase.includes(kind)).toBe(defaultBase === null);
    if (defaultBase !== null) expect(defaultBase).toMatch(/^[a-z0-9.]+\/[a-z0-9./-]+:(?!latest)[\w.-]+$/);
  });

  test("refuses a format it does not serve, and names those it does", async () => {
    const { formats } = runtimes[kind](options);
    const problem = await planOf(kind, { format: "fortran" }).then(
      () => null,
      (error: { problems: { code: string; message: string }[] }) => error.problems[0],
    );
    const message = `the runtime ${kind} serves ${formats?.join(", ")}, and the model is fortran`;
    expect(problem).toEqual(formats && expect.objectContaining({ code: "config.value", message }));
  });
});

test("protocols that presets speak and are known are spelt as the protocols are", async () => {
  const spoken = await Promise.all(kinds.map(async (kind) => (await planOf(kind)).protocol));
  expect(new Set(spoken)).toEqual(new Set(["v2", "mlflow", "tfserving", "openai", "bentoml"]));
  expect(Object.keys(protocols)).toContain("v2");
});

describe("mlserver", () => {
  const settings = async (model: Partial<Model>) => {
    const { files, entrypoint } = await planOf("mlserver", model);
    expect(entrypoint).toEqual(["mlserver", "start", "/opt/modelgate/mlserver"]);
    return JSON.parse(files!["opt/modelgate/mlserver/digits/model-settings.json"]!) as Record<string, unknown>;
  };

  test("is told the class, the file and the signature", async () => {
    expect(await settings({ format: "xgboost" })).toEqual({
      name: "digits",
      implementation: "mlserver_xgboost.XGBoostModel",
      inputs: [{ name: "image", datatype: "FP32", shape: [-1, 64] }],
      outputs: [{ name: "probabilities", datatype: "FP32", shape: [-1, 10] }],
      parameters: { uri: "/models/digits/model.bin" },
    });
  });

  test("is given a folder where the model is one", async () => {
    expect(await settings({ format: "mlflow" })).toMatchObject({ parameters: { uri: "/models/digits" } });
  });

  test("asks scikit-learn for probabilities where the contract has them", async () => {
    const outputs = [{ name: "predict_proba", dtype: "float64" as const, shape: [-1, 10] }];
    expect(await settings({ format: "sklearn", outputs })).toMatchObject({
      parameters: { extra: { predict_fn: "predict_proba" } },
    });
    expect(await settings({ format: "sklearn" })).toMatchObject({ parameters: { uri: "/models/digits/model.bin" } });
    expect(JSON.stringify(await settings({ format: "sklearn" }))).not.toContain("predict_fn");
  });
});

describe("triton", () => {
  test("has a repository of config.pbtxt beside the folder of the version", async () => {
    const plan = await planOf("triton", { facts: { main: "net/digits.onnx" } });
    expect(plan.modelFolder).toBe("models/digits/1");
    expect(plan.files).toEqual({
      "models/digits/config.pbtxt": `name: "digits"
backend: "onnxruntime"
default_model_filename: "net/digits.onnx"
max_batch_size: 0
input { name: "image" data_type: TYPE_FP32 dims: [ -1, 64 ] }
output { name: "probabilities" data_type: TYPE_FP32 dims: [ -1, 10 ] }
`,
    });
    expect(plan.entrypoint).toContain("--model-repository=/models");
    expect(plan.entrypoint).toContain("--load-model=digits");
  });

  test("writes names so that they stay within their quotes, and a scalar as Triton has it", async () => {
    const inputs = [{ name: 'a"] }\\', dtype: "string" as const, shape: [] }];
    const { files } = await planOf("triton", { inputs, outputs: [] });
    expect(files!["models/digits/config.pbtxt"]).toContain(
      String.raw`input { name: "a\"] }\\" data_type: TYPE_STRING dims: [ 1 ] reshape { shape: [ ] } }`,
    );
  });
});

test("tfserving finds the version's folder below the model's", async () => {
  const { modelFolder, entrypoint } = await planOf("tfserving");
  expect(modelFolder).toBe("models/digits/1");
  expect(entrypoint).toContain("--model_base_path=/models/digits");
  expect(entrypoint).toContain("--model_name=digits");
});

test.each<[Kind, string[]]>([
  ["vllm", ["serve", "/models/digits", "--served-model-name", "digits"]],
  ["llama-cpp", ["--model", "/models/digits/model.bin", "--alias", "digits"]],
  ["mlflow", ["--model-uri", "/models/digits", "--env-manager", "local"]],
  ["bentoml", ["serve", "/models/digits"]],
])("%s is started on the model: %j", async (kind, words) => {
  expect((await planOf(kind)).entrypoint.join(" ")).toContain(words.join(" "));
});

test("a server of one's own is told where the model is", async () => {
  expect(await planOf("custom", { facts: { main: "weights.bin" } })).toEqual({
    folders: [],
    modelFolder: "models/digits",
    entrypoint: ["serve", "--folder", "/models/digits", "--weights=/models/digits/weights.bin", "digits"],
    env: { WEIGHTS: "/models/digits/weights.bin" },
    port: 9000,
    protocol: "v2",
    readyPath: "/models/digits/ready",
  });
});
