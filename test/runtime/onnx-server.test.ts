import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { modelDigest } from "../../src/domain/model.ts";
import { oneOperator, onnxModel } from "./onnx-model.ts";
import { fetching, runtimePack, serve, startServer } from "./server.ts";

beforeAll(() => runtimePack(), fetching);

const identity = (type: Parameters<typeof oneOperator>[1]) => ({ "model.onnx": oneOperator("Identity", type) });
const x = (datatype: string, shape: number[], data: unknown) => ({ inputs: [{ name: "x", datatype, shape, data }] });
const errorOf = (text: string): string => (JSON.parse(text) as { error: string }).error;
const dataOf = (text: string): unknown => (JSON.parse(text) as { outputs: [{ data: unknown }] }).outputs[0].data;

describe("what the server says of itself", () => {
  test("is live, ready, and names itself and its model, also by version", async () => {
    const { ask } = await serve({ files: identity("float32") });
    for (const path of [
      "/v2/health/live",
      "/v2/health/ready",
      "/v2",
      "/v2/models/tiny",
      "/v2/models/tiny/ready",
      "/v2/models/tiny/versions/1",
      "/v2/models/tiny/versions/1/ready?x=1",
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 200]);
  });

  test("has metadata with datatypes, shapes, and the digest that the domain computes over the same files", async () => {
    const files = { "model.onnx": oneOperator("Identity", "float32"), "data/ö.bin": "abc", "A.txt": "" };
    const { ask, root } = await serve({ files });
    const expected = modelDigest(
      await Promise.all(
        Object.keys(files).map(async (path) => {
          const bytes = await readFile(join(root, "models/tiny", path));
          return { path, bytes: bytes.length, digest: sha256(bytes) };
        }),
      ),
    );
    expect(JSON.parse((await ask("/v2/models/tiny")).text)).toEqual({
      name: "tiny",
      versions: ["1"],
      platform: "onnxruntime_onnxv1",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
      parameters: { "modelgate.model_digest": expected },
    });
  });

  test("keeps the digest of the bytes it loaded when the file changes behind it", async () => {
    const { ask, root } = await serve({ files: identity("float32") });
    const before = (await ask("/v2/models/tiny")).text;
    await writeFile(join(root, "models/tiny/model.onnx"), "other");
    expect((await ask("/v2/models/tiny")).text).toBe(before);
  });

  test("counts requests, their time and the model's digest for Prometheus", async () => {
    const { ask, infer } = await serve({ files: identity("float32") });
    await infer(x("FP32", [1, 2], [1, 2]));
    await infer("{");
    const { text, headers } = await ask("/metrics");
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^modelgate_model_info\{model="tiny",digest="sha256:[0-9a-f]{64}"\} 1$/m);
    expect(text).toMatch(/^modelgate_requests_total\{code="200"\} 1$/m);
    expect(text).toMatch(/^modelgate_requests_total\{code="400"\} 1$/m);
    expect(text).toMatch(/^modelgate_request_duration_seconds_bucket\{le="\+Inf"\} 2$/m);
    expect(text).toMatch(/^modelgate_request_duration_seconds_count 2$/m);
    expect(text).toMatch(/^modelgate_requests_in_flight 0$/m);
  });
});

describe("tensors", () => {
  test("echoes the id and takes nested and flat data", async () => {
    const { infer } = await serve({ files: identity("float32") });
    const nested = await infer({
      id: "a",
      ...x(
        "FP32",
        [2, 2],
        [
          [1, 2],
          [3.5, -4],
        ],
      ),
    });
    expect(JSON.parse(nested.text)).toEqual({
      model_name: "tiny",
      model_version: "1",
      id: "a",
      outputs: [{ name: "y", datatype: "FP32", shape: [2, 2], data: [1, 2, 3.5, -4] }],
    });
    expect(dataOf((await infer(x("FP32", [2, 2], [1, 2, 3.5, -4]))).text)).toEqual([1, 2, 3.5, -4]);
  });

  test("keeps 64-bit integers exact in both directions", async () => {
    const { infer } = await serve({ files: identity("int64") });
    const answer = await infer(
      '{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[9223372036854775807,-9007199254740993]}]}',
    );
    expect(answer.text).toContain('"data":[9223372036854775807,-9007199254740993]');
    const beyond = await infer(
      '{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[9223372036854775808,0]}]}',
    );
    expect([beyond.status, errorOf(beyond.text)]).toEqual([
      400,
      'input "x" has 9223372036854775808, which is outside INT64',
    ]);
  });

  test("rounds half precision to nearest even, and carries booleans and texts", async () => {
    const half = await serve({ files: identity("float16") });
    expect(
      dataOf((await half.infer(x("FP16", [2, 2], [1.0009765625, 65504, 5.960464477539063e-8, 2049]))).text),
    ).toEqual([1.0009765625, 65504, 5.960464477539063e-8, 2048]);
    const flags = await serve({ files: identity("bool") });
    expect(dataOf((await flags.infer(x("BOOL", [1, 2], [true, 0]))).text)).toEqual([true, false]);
    const texts = await serve({ files: identity("string") });
    expect(dataOf((await texts.infer(x("BYTES", [1, 2], ["", 'ü"\n']))).text)).toEqual(["", 'ü"\n']);
  });

  test("prints NaN and infinities bare, so that whoever evaluates sees them", async () => {
    const { infer } = await serve({ files: { "model.onnx": oneOperator("Log", "float32") } });
    const answer = await infer(x("FP32", [1, 2], [-1, 0]));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"data":[NaN,-Infinity]');
  });

  test("takes an empty batch", async () => {
    const { infer } = await serve({ files: identity("float32") });
    expect(dataOf((await infer(x("FP32", [0, 2], []))).text)).toEqual([]);
  });

  test("answers with the outputs that were asked for", async () => {
    const value = (name: string) => ({ name, type: "float32" as const, shape: [2] });
    const model = onnxModel({
      inputs: [value("x")],
      outputs: [value("same"), value("less")],
      nodes: [
        { operator: "Identity", inputs: ["x"], output: "same" },
        { operator: "Neg", inputs: ["x"], output: "less" },
      ],
    });
    const { infer } = await serve({ files: { "model.onnx": model } });
    const { text } = await infer({ ...x("FP32", [2], [1, 2]), outputs: [{ name: "less" }] });
    expect(JSON.parse(text)).toMatchObject({ outputs: [{ name: "less", data: [-1, -2] }] });
    const unknown = await infer({ ...x("FP32", [2], [1, 2]), outputs: [{ name: "more" }] });
    expect([unknown.status, errorOf(unknown.text)]).toEqual([
      400,
      'the model has no output "more"; its outputs are same, less',
    ]);
  });
});

describe("bad requests", () => {
  const deep = `${"[".repeat(100_000)}1${"]".repeat(100_000)}`;
  test.each<[string, unknown, RegExp]>([
    ["malformed JSON", '{"inputs":', /not JSON/],
    ["nothing", "", /not JSON/],
    ["null", "null", /needs "inputs"/],
    ["an empty object", "{}", /needs "inputs"/],
    ["no inputs", { inputs: [] }, /lacks the input x/],
    ["an input that is no tensor", { inputs: [null] }, /no input/],
    [
      "an unknown input",
      { inputs: [{ name: "z", datatype: "FP32", shape: [1], data: [1] }] },
      /no input "z"; its inputs are x/,
    ],
    ["an input twice", { inputs: [...x("FP32", [1, 2], [1, 2]).inputs, ...x("FP32", [1, 2], [1, 2]).inputs] }, /twice/],
    ["another datatype", x("FP64", [1, 2], [1, 2]), /has datatype "FP64"; the model takes FP32/],
    [
      "a datatype that is an object",
      '{"inputs":[{"name":"x","datatype":{"toString":1},"shape":[1,2],"data":[1,2]}]}',
      /has datatype an object/,
    ],
    ["another rank", x("FP32", [2], [1, 2]), /has shape \[2\]; the model takes \[-1,2\]/],
    ["another side", x("FP32", [1, 3], [1, 2, 3]), /the model takes \[-1,2\]/],
    ["a negative side", x("FP32", [-1, 2], [1, 2]), /whole numbers from 0/],
    ["a shape of billions", x("FP32", [2 ** 40, 2], [1, 2]), /needs 2199023255552/],
    ["fewer values than the shape says", x("FP32", [2, 2], [1, 2]), /has 2 values; its shape \[2,2\] needs 4/],
    ["text for a number", x("FP32", [1, 2], ["1", 2]), /has "1" where FP32 is declared/],
    ["null for a number", x("FP32", [1, 2], [null, 2]), /has null where FP32 is declared/],
    ["a number that is infinite in its precision", x("FP32", [1, 2], [1e308, 2]), /outside FP32/],
    [
      "a number that is infinite",
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1e999,2]}]}',
      /outside FP32/,
    ],
    ["data that is no list", x("FP32", [1, 2], "AAAA"), /needs its data as a list/],
    [
      "data nested without end",
      `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[${deep},1]}]}`,
      /where FP32|needs 2/,
    ],
  ])("%s is 400 with a reason", async (_name, body, reason) => {
    const { infer } = await serve({ files: identity("float32") });
    const { status, text } = await infer(body);
    expect([status, errorOf(text)]).toEqual([400, expect.stringMatching(reason)]);
    expect(text).not.toMatch(/\bat .*:\d+:\d+|node:|\.mjs/);
    expect((await infer(x("FP32", [1, 2], [1, 2]))).status).toBe(200);
  });

  test("what the graph itself refuses is 400, without a path of the machine it was built on", async () => {
    const value = (name: string, side: string) => ({ name, type: "float32" as const, shape: [side] });
    const model = onnxModel({
      inputs: [value("a", "n"), value("b", "m")],
      outputs: [value("c", "k")],
      nodes: [{ operator: "Add", inputs: ["a", "b"], output: "c" }],
    });
    const { infer } = await serve({ files: { "model.onnx": model } });
    const input = (name: string, data: number[]) => ({ name, datatype: "FP32", shape: [data.length], data });
    const { status, text } = await infer({ inputs: [input("a", [1, 2, 3]), input("b", [1, 2])] });
    expect([status, errorOf(text)]).toEqual([400, expect.stringMatching(/^the model cannot take this input: \S/)]);
    expect(text).not.toMatch(/\/\w+\/\w+|\.cc|\.h:/);
  });

  test("unknown places are 404, wrong methods 405 with what is allowed, other content types 415", async () => {
    const { ask, infer } = await serve({ files: identity("float32") });
    for (const path of [
      "/",
      "/v3",
      "//",
      "/v2/models",
      "/v2/models/other",
      "/v2/models/%zz",
      "/v2/models/tiny/versions/2",
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    const get = await ask("/v2/models/tiny/infer");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await ask("/v2/health/ready", { method: "POST" })).status).toBe(405);
    expect((await ask("/v2/models/tiny/infer", { method: "POST", body: "x=1" })).status).toBe(415);
    expect((await infer(x("FP32", [1, 2], [1, 2]))).status).toBe(200);
  });

  test("a body beyond the limit is 413, with its length told or not, and the connection goes on", async () => {
    const { ask, url, infer } = await serve({ files: identity("float32"), env: { MODELGATE_BODY_LIMIT: "1000" } });
    expect((await infer("0".repeat(3_000))).status).toBe(413);
    expect((await infer("0".repeat(50_000))).status).toBe(413);
    const unknown = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request(`${url}/v2/models/tiny/infer`, {
        method: "POST",
        headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
      });
      sending.on("response", (answer) => resolve(answer.resume().statusCode)).on("error", reject);
      for (let part = 0; part < 20; part++) sending.write("0".repeat(100));
      sending.end();
    });
    expect(unknown).toBe(413);
    expect((await ask("/v2/health/ready")).status).toBe(200);
  });

  test("more requests than the queue holds are 503 and told to come again", async () => {
    const { url, ask } = await serve({ files: identity("float32"), env: { MODELGATE_QUEUE_LIMIT: "1" } });
    const post = { method: "POST", headers: { "content-type": "application/json", "content-length": "10" } };
    const waiting = request(`${url}/v2/models/tiny/infer`, post).on("error", () => undefined);
    waiting.write("{");
    await expect.poll(async () => (await ask("/metrics")).text).toContain("modelgate_requests_in_flight 1");
    const second = await ask("/v2/models/tiny/infer", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
    waiting.destroy();
    await expect.poll(async () => (await ask("/metrics")).text).toContain("modelgate_requests_in_flight 0");
    expect((await ask("/metrics")).text).not.toContain('code="500"');
  });
});

describe("starting and stopping", () => {
  test("nothing is reported to the makers of onnxruntime, and no identifier is kept", async () => {
    const home = await mkdtemp(join(tmpdir(), "modelgate-home-"));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const { infer, child } = await serve({ files: identity("float32"), env: { HOME: home, XDG_CACHE_HOME: home } });
    expect((await infer(x("FP32", [1, 2], [1, 2]))).status).toBe(200);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(await readdir(home)).toEqual([]);
  });

  test.each([
    ["a file that is no model", { "model.onnx": "hello" }, "model.onnx"],
    ["a file that is missing", { "model.onnx": "hello" }, "other.onnx"],
    ["a type the protocol cannot carry", identity("bfloat16"), "model.onnx"],
  ])("%s ends it before it listens, and the last line says why", async (_name, files, main) => {
    const { child, log, started } = await startServer({ files, main });
    await expect(started).rejects.toThrow(/ended with 1/);
    expect(child.exitCode).toBe(1);
    expect(log.at(-1)).toMatch(/^cannot serve: \S/);
    expect(log.join("\n")).not.toContain("listening");
  });

  test("finishes what is under way when it is told to stop, takes nothing new, and exits with 0", async () => {
    const { url, child, ask } = await serve({ files: identity("float32") });
    const body = JSON.stringify(x("FP32", [1, 2], [1, 2]));
    const post = {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": String(body.length) },
    };
    const slow = request(`${url}/v2/models/tiny/infer`, post);
    slow.write(body.slice(0, 10));
    await expect.poll(async () => (await ask("/metrics")).text).toContain("modelgate_requests_in_flight 1");
    child.kill("SIGTERM");
    await expect.poll(() => refused(Number(new URL(url).port))).toBe(true);
    slow.end(body.slice(10));
    const [answer] = (await once(slow, "response")) as [import("node:http").IncomingMessage];
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, "close"]);
    answer.resume();
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

const refused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });

describe("preprocessing of the image", () => {
  test("is applied before the model, on values as the request has them", async () => {
    const preprocess = `export const preprocess = async (inputs) => {
      const { x } = inputs;
      return { x: { ...x, data: x.data.map((value) => value * 2) } };
    };`;
    for (const [type, datatype] of [
      ["float32", "FP32"],
      ["float16", "FP16"],
    ] as const) {
      const { infer } = await serve({ files: identity(type), preprocess });
      expect(dataOf((await infer(x(datatype, [1, 2], [1.5, -3]))).text)).toEqual([3, -6]);
    }
  });

  test("that fails is the server's fault, told in its log and not in the answer", async () => {
    const preprocess = 'export const preprocess = () => { throw new Error("no such column"); };';
    const { infer, log } = await serve({ files: identity("float32"), preprocess });
    const { status, text } = await infer(x("FP32", [1, 2], [1, 2]));
    expect([status, errorOf(text)]).toEqual([500, "the server failed; its log says why"]);
    await expect.poll(() => log.join("\n")).toContain("no such column");
  });

  test("without the function keeps the server from starting", async () => {
    const { log, started } = await startServer({ files: identity("float32"), preprocess: "export default 1;" });
    await expect(started).rejects.toThrow(/ended with 1/);
    expect(log.at(-1)).toMatch(/preprocess\.mjs does not export a function called preprocess/);
  });
});
