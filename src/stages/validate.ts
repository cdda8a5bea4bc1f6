import { contractProblems, type Declared } from "../domain/contract.ts";
import { type Model, modelDigest, type TensorSpec } from "../domain/model.ts";
import { type Problem, type ProblemCode, UserError } from "../domain/problem.ts";
import type { ModelFormat } from "../ports/model-format.ts";
import type { ModelBytes, ModelFolder, ModelSource } from "../ports/model-source.ts";
import { hashFiles } from "./hash-files.ts";

export interface ValidateOptions {
  name: string;
  path: string;
  source: ModelSource;
  formats: readonly ModelFormat[];
  contract: { inputs: Declared | null; outputs: Declared | null };
  maxBytes: number | null;
  signal: AbortSignal;
  /** Share of the bytes that are hashed, 0 to 1. */
  progress: (share: number) => void;
}

const headBytes = 4096;

/** Files that are no model but often stand where one should: what they begin with, and what to do. */
const impostors: readonly { code: ProblemCode; begins: RegExp; message: string; hint: string }[] = [
  {
    code: "model.lfs-pointer",
    begins: /^version https:\/\/git-lfs\.github\.com\/spec\//,
    message: "is a Git LFS pointer, not the model",
    hint: "Run git lfs pull, or set lfs: true in the actions/checkout step.",
  },
  {
    code: "model.html",
    begins: /^\uFEFF?\s*(<!doctype html|<html|<head|<\?xml)/i,
    message: "is a web page, not a model",
    hint: "The address answered with a page, often a login or an error. Download it again with the right address or token, and look at the file.",
  },
];

/** Formats that are recognised only to say their name. */
const strangers: readonly [begins: RegExp, name: string][] = [
  [/^\x80[\x02-\x05]/, "a Python pickle"],
  [/^PK\x03\x04/, "a zip archive (PyTorch, Keras or NumPy)"],
  [/^\x89HDF\r\n/, "HDF5 (Keras)"],
  [/^\x93NUMPY/, "a NumPy array"],
  [/^.{4}TFL3/s, "TFLite"],
];

const problemAt = (code: ProblemCode, file: string, message: string, hint: string): UserError =>
  new UserError([{ code, message: `${file} ${message}`, hint, at: { file, offset: 0 } }]);

async function recognise(file: ModelBytes, formats: readonly ModelFormat[]): Promise<ModelFormat> {
  if (file.bytes === 0)
    throw problemAt(
      "model.empty",
      file.path,
      "is empty",
      "Export the model again; a failed copy or a full disk leaves such a file.",
    );
  const head = await file.read(0, headBytes);
  const text = String.fromCharCode(...head);
  const impostor = impostors.find(({ begins }) => begins.test(text));
  if (impostor) throw problemAt(impostor.code, file.path, impostor.message, impostor.hint);
  const format = formats.find((known) => known.recognises(head));
  if (format) return format;
  const stranger = strangers.find(([begins]) => begins.test(text));
  throw problemAt(
    "model.unknown-format",
    file.path,
    stranger ? `looks like ${stranger[1]}, which is not supported` : "is of no known format",
    `Known formats: ${formats.map((known) => known.kind).join(", ")}. Export the model to one of them.`,
  );
}

/** The file that is the model: the one named, or the only one of a known format in a named folder. */
async function mainOf(
  folder: ModelFolder,
  formats: readonly ModelFormat[],
): Promise<{ main: ModelBytes; format: ModelFormat }> {
  if (folder.main) return { main: folder.main, format: await recognise(folder.main, formats) };
  const candidates: { main: ModelBytes; format: ModelFormat }[] = [];
  for (const main of folder.files) {
    const head = await main.read(0, headBytes);
    const format = formats.find((known) => known.recognises(head));
    if (format) candidates.push({ main, format });
  }
  const [first] = candidates;
  const isOne =
    candidates.length === 1 || (first?.format.isSharded && candidates.every(({ format }) => format === first.format));
  if (first && isOne) return first;
  if (folder.files.length === 1) return { main: folder.files[0]!, format: await recognise(folder.files[0]!, formats) };
  throw problemAt(
    candidates.length === 0 ? "model.unknown-format" : "model.corrupt",
    folder.origin,
    candidates.length === 0
      ? `has ${folder.files.length} files, none of a known format`
      : `has ${candidates.length} models: ${candidates.map(({ main }) => main.path).join(", ")}`,
    candidates.length === 0
      ? `Known formats: ${formats.map((known) => known.kind).join(", ")}.`
      : "Name the file in model.path.",
  );
}

function sizeProblems(bytes: number, { maxBytes, path }: ValidateOptions): Problem[] {
  if (maxBytes === null || bytes <= maxBytes) return [];
  return [
    {
      code: "model.too-large",
      message: `the model has ${bytes} bytes, and model.policy.max-size allows ${maxBytes}`,
      hint: "Make the model smaller, or raise the limit on purpose.",
      at: { file: path },
    },
  ];
}

/** The signature that a contract declares, where the format itself has none. */
const declaredSpecs = (declared: Declared | null): TensorSpec[] | null =>
  declared && Object.entries(declared).map(([name, spec]) => ({ name, ...spec }));

const noSignature = (format: string, path: string): Problem => ({
  code: "model.contract",
  message: `a model in ${format} does not say what it takes and gives, and the contract does not either`,
  hint: "Declare model.contract.inputs and model.contract.outputs.",
  at: { file: path },
});

/**
 * Validates a model: recognises its format by content, reads its structure, compares it with the contract, and hashes all of
 * it. Nothing of it is executed. @throws UserError with every problem found.
 */
export async function validate(
  options: ValidateOptions,
): Promise<{ model: Model; main: string; files: readonly ModelBytes[] }> {
  const { source, path, formats, contract, name, signal } = options;
  const folder = await source.open(path);
  const { main, format } = await mainOf(folder, formats);
  const inspection = await format.inspect(folder, main, signal);
  const files = (folder.main ? inspection.files : folder.files).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const context = { what: "the graph", file: path };
  const [inputs, outputs] = [
    inspection.inputs ?? declaredSpecs(contract.inputs),
    inspection.outputs ?? declaredSpecs(contract.outputs),
  ];
  const problems = [
    ...sizeProblems(bytes, options),
    ...(inputs && outputs ? [] : [noSignature(format.kind, path)]),
    ...(contract.inputs && inputs ? contractProblems("input", contract.inputs, inputs, context) : []),
    ...(contract.outputs && outputs ? contractProblems("output", contract.outputs, outputs, context) : []),
  ];
  if (problems.length > 0) throw new UserError(problems);
  const hashed = await hashFiles(files, signal, options.progress);
  const { facts } = inspection;
  const model: Model = {
    name,
    format: format.kind,
    digest: modelDigest(hashed),
    bytes,
    files: hashed,
    inputs: inputs!,
    outputs: outputs!,
    facts: { ...facts, main: main.path },
  };
  return { model, main: main.path, files };
}
