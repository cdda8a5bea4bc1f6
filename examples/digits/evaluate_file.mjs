// What most pipelines do today: load the model file, score it, compare with a threshold. It never meets the server.
//   node evaluate_file.mjs models/digits.onnx FOLDER_WITH_ONNXRUNTIME_NODE
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// onnxruntime reports its use to its makers otherwise.
process.env.ORT_DISABLE_TELEMETRY = "1";

const [model, runtime = "."] = process.argv.slice(2);
const ort = createRequire(join(resolve(runtime), "index.js"))("onnxruntime-node");

const [header, ...rows] = readFileSync(join(import.meta.dirname, "data/holdout.csv"), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(","));
const pixels = header.map((name, column) => (name.startsWith("pixel_") ? column : -1)).filter((column) => column >= 0);
const label = header.indexOf("digit");

const session = await ort.InferenceSession.create(model);
const image = new ort.Tensor(
  "float32",
  Float32Array.from(rows.flatMap((row) => pixels.map((column) => Number(row[column])))),
  [rows.length, pixels.length],
);
const { probabilities } = await session.run({ image });
const right = rows.filter((row, index) => {
  const scores = [...probabilities.data.slice(index * 10, index * 10 + 10)];
  return scores.indexOf(Math.max(...scores)) === Number(row[label]);
}).length;
console.log(JSON.stringify({ rows: rows.length, accuracy: right / rows.length }));
