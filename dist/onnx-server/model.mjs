import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import * as ort from "onnxruntime-node";
import { BadRequest, datatypes, readInput, shown, toTensor, writeOutput } from "./tensors.mjs";

// onnxruntime-node 1.30's binding cannot read a Float16Array, which Node has from 24 on; without it halves travel as Uint16Array.
delete globalThis.Float16Array;
// Since 1.29 onnxruntime for Linux sends telemetry to its makers, and keeps a device id on disk, unless told not to before it starts.
process.env.ORT_DISABLE_TELEMETRY = "1";

async function fileDigest(path) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, digest: `sha256:${hash.digest("hex")}` };
}

/** The digest over all files of the model: sha256 of the canonical JSON of [{bytes, digest, path}] sorted by path. */
export async function digestOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  const files = [];
  for (const path of paths.sort()) files.push({ ...(await fileDigest(join(folder, path))), path });
  return `sha256:${createHash("sha256").update(JSON.stringify(files)).digest("hex")}`;
}

const sideOf = (side) => (typeof side === "number" && side >= 0 ? side : -1);
function specOf({ name, isTensor, type, shape }) {
  if (!isTensor || !datatypes[type])
    throw new Error(`"${name}" is ${isTensor ? `of type ${type}` : "not a tensor"}, which this protocol cannot carry`);
  return { name, datatype: datatypes[type], shape: shape.map(sideOf) };
}

/** The preprocessing of the image, when its build was given one. */
async function preprocessing(folder) {
  const path = join(folder, "preprocess.mjs");
  if (!existsSync(path)) return (inputs) => inputs;
  const { preprocess } = await import(pathToFileURL(path).href);
  if (typeof preprocess !== "function") throw new Error(`${path} does not export a function called preprocess`);
  return preprocess;
}

/** onnxruntime's reason without the place in its sources. */
const reasonOf = (error) => error.message.split("\n", 1)[0].replaceAll(/\S*\/onnxruntime\S*:\d+ [^)]*\)\s*/g, "");

/** Loads a model; resolves when it can answer. */
export async function loadModel({ name, main, folder, customFolder }) {
  const digest = await digestOf(folder);
  const preprocess = await preprocessing(customFolder);
  const session = await ort.InferenceSession.create(join(folder, main));
  const inputs = session.inputMetadata.map(specOf);
  // An output that is no tensor, such as the list of maps that sklearn's converters add, is not served.
  const outputs = session.outputMetadata.filter((value) => value.isTensor).map(specOf);
  const declared = new Map(inputs.map((spec) => [spec.name, spec]));
  const served = new Set(outputs.map((spec) => spec.name));

  return {
    name,
    digest,
    metadata: {
      name,
      versions: ["1"],
      platform: "onnxruntime_onnxv1",
      inputs,
      outputs,
      parameters: { "modelgate.model_digest": digest },
    },
    wide: inputs.some(({ datatype }) => datatype.endsWith("INT64")),
    /** Answers one request body. @returns the JSON text of the answer. */
    async infer(request) {
      if (!Array.isArray(request?.inputs)) throw new BadRequest('the request needs "inputs", a list of tensors');
      const read = Object.fromEntries(request.inputs.map((input) => [input?.name, readInput(input, declared)]));
      if (Object.keys(read).length < request.inputs.length) throw new BadRequest("the request has an input twice");
      const missing = [...declared.keys()].filter((key) => !Object.hasOwn(read, key));
      if (missing.length > 0) throw new BadRequest(`the request lacks the input ${missing.join(", ")}`);
      const asked = Array.isArray(request.outputs) ? request.outputs.map((output) => output?.name) : [];
      const wanted = asked.length > 0 ? [...new Set(asked)] : [...served];
      const unknown = wanted.filter((output) => !served.has(output));
      if (unknown.length > 0)
        throw new BadRequest(`the model has no output ${shown(unknown[0])}; its outputs are ${[...served].join(", ")}`);
      const feeds = Object.fromEntries(
        Object.entries(await preprocess(read)).map(([key, input]) => [key, toTensor(ort.Tensor, input)]),
      );
      let results;
      try {
        results = await session.run(feeds, wanted);
      } catch (error) {
        throw new BadRequest(`the model cannot take this input: ${reasonOf(error)}`);
      }
      const id = typeof request.id === "string" ? `"id":${JSON.stringify(request.id)},` : "";
      return `{"model_name":${JSON.stringify(name)},"model_version":"1",${id}"outputs":[${wanted.map((key) => writeOutput(key, results[key])).join(",")}]}`;
    },
  };
}
