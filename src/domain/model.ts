import { digestOf } from "./canonical.ts";
import type { Digest } from "./digest.ts";

/** Element types, named as numpy names them. */
export const dtypes = [
  "bool",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "uint64",
  "int64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "string",
] as const;
export type Dtype = (typeof dtypes)[number];

/** What the Open Inference Protocol calls them. */
export const datatypeOf: Readonly<Record<Dtype, string>> = {
  bool: "BOOL",
  uint8: "UINT8",
  int8: "INT8",
  uint16: "UINT16",
  int16: "INT16",
  uint32: "UINT32",
  int32: "INT32",
  uint64: "UINT64",
  int64: "INT64",
  float16: "FP16",
  bfloat16: "BF16",
  float32: "FP32",
  float64: "FP64",
  string: "BYTES",
};

/** One input or output. `-1` or a name is a dimension that varies. */
export interface TensorSpec {
  name: string;
  dtype: Dtype;
  shape: readonly (number | string)[];
}

/** A file of the model, by its path inside the model folder (`/` separated; a single file is its base name). */
export interface ModelFile {
  path: string;
  bytes: number;
  digest: Digest;
}

/** What `validate` found the model to be. The digest covers all files. */
export interface Model {
  name: string;
  format: string;
  digest: Digest;
  bytes: number;
  files: readonly ModelFile[];
  inputs: readonly TensorSpec[];
  outputs: readonly TensorSpec[];
  /** Further findings of the format: opset, producer, parameters … */
  facts: Readonly<Record<string, string | number>>;
}

/**
 * The digest over all files of a model: sha256 of the canonical JSON of `[{bytes, digest, path}]` sorted by path.
 * It depends on names and content only, never on times, modes or the order of reading.
 */
export const modelDigest = (files: readonly ModelFile[]): Digest =>
  digestOf(
    files
      .map(({ path, bytes, digest }) => ({ path, bytes, digest }))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
  );

/** `float32[-1,64]` */
export const formatTensor = (spec: Pick<TensorSpec, "dtype" | "shape">): string =>
  `${spec.dtype}[${spec.shape.join(",")}]`;

/**
 * Reads `float32[-1,64]`; a dimension is an integer ≥ -1 or a name.
 * @throws RangeError when the dtype is unknown or the shape malformed.
 */
export function parseTensor(text: string): Pick<TensorSpec, "dtype" | "shape"> {
  const match = /^([a-z0-9]+)\[([^\]]*)\]$/.exec(text.replaceAll(" ", ""));
  const dtype = dtypes.find((known) => known === match?.[1]);
  if (!match || !dtype)
    throw new RangeError(
      `"${text}" is not a tensor; write dtype[shape] such as float32[-1,64], with dtype one of ${dtypes.join(", ")}`,
    );
  const shape =
    match[2] === ""
      ? []
      : match[2]!.split(",").map((part) => {
          if (/^(-1|\d{1,15})$/.test(part)) return Number(part);
          if (/^[A-Za-z_]\w*$/.test(part)) return part;
          throw new RangeError(`"${part}" in "${text}" is not a dimension; write an integer, -1 for any, or a name`);
        });
  return { dtype, shape };
}
