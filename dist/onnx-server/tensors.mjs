// Between the Open Inference Protocol's tensors and onnxruntime's.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

/** A request that cannot be served as it is: its status, what is wrong, and headers that go with the status. */
export class BadRequest extends Error {
  constructor(message, status = 400, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const signed = (bits) => [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
const unsigned = (bits) => [0n, 2n ** BigInt(bits) - 1n];

/** Datatype → onnxruntime's type, the array that holds it, and the range of integers. */
const kinds = {
  BOOL: { type: "bool", array: Uint8Array },
  UINT8: { type: "uint8", array: Uint8Array, range: unsigned(8) },
  INT8: { type: "int8", array: Int8Array, range: signed(8) },
  UINT16: { type: "uint16", array: Uint16Array, range: unsigned(16) },
  INT16: { type: "int16", array: Int16Array, range: signed(16) },
  UINT32: { type: "uint32", array: Uint32Array, range: unsigned(32) },
  INT32: { type: "int32", array: Int32Array, range: signed(32) },
  UINT64: { type: "uint64", array: BigUint64Array, range: unsigned(64) },
  INT64: { type: "int64", array: BigInt64Array, range: signed(64) },
  FP16: { type: "float16", array: Uint16Array },
  FP32: { type: "float32", array: Float32Array },
  FP64: { type: "float64", array: Float64Array },
  BYTES: { type: "string", array: Array },
};

/** onnxruntime's type → datatype. */
export const datatypes = Object.fromEntries(Object.entries(kinds).map(([datatype, { type }]) => [type, datatype]));

/** IEEE 754 binary16 bits of a number, rounded to nearest even. */
export function toHalf(value) {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  const shifted = exponent - 112;
  if (shifted >= 31) return sign | 0x7c00;
  const [mantissa, drop] = shifted <= 0 ? [fraction | 0x800000, 14 - shifted] : [fraction | (shifted << 23), 13];
  if (drop > 24) return sign;
  const half = mantissa >>> drop;
  const rest = mantissa & ((1 << drop) - 1);
  const middle = 1 << (drop - 1);
  return sign | (half + (rest > middle || (rest === middle && half & 1) ? 1 : 0));
}

/** The number that binary16 bits stand for. */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** A value of a request as a message shows it. */
export function shown(value) {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
}

/** Whether a number is still finite in the precision of its datatype. */
const finite = {
  FP16: (value) => (toHalf(value) & 0x7c00) !== 0x7c00,
  FP32: (value) => Number.isFinite(Math.fround(value)),
  FP64: Number.isFinite,
};

function element(value, datatype, kind, name) {
  const wrong = () => new BadRequest(`input "${name}" has ${shown(value)} where ${datatype} is declared`);
  const outside = (number) => new BadRequest(`input "${name}" has ${number}, which is outside ${datatype}`);
  if (datatype === "BYTES") {
    if (typeof value !== "string") throw wrong();
    return value;
  }
  if (datatype === "BOOL") {
    if (value === true || value === 1) return 1;
    if (value === false || value === 0) return 0;
    throw wrong();
  }
  if (!kind.range) {
    if (typeof value !== "number" && typeof value !== "bigint") throw wrong();
    if (!finite[datatype](Number(value))) throw outside(value);
    return Number(value);
  }
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) throw wrong();
  const integer = BigInt(value);
  if (integer < kind.range[0] || integer > kind.range[1]) throw outside(integer);
  return datatype.endsWith("64") ? integer : Number(integer);
}

/** The product of a shape's sides; a side must be a whole number from 0. */
function sizeOf(shape, name) {
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side >= 0))
    throw new BadRequest(`input "${name}" needs a shape of whole numbers from 0`);
  return shape.reduce((product, side) => product * side, 1);
}

/** Checks one input of a request against what the model declares. @returns {{datatype, shape, data}} with flat data. */
export function readInput(input, declared) {
  const name = typeof input?.name === "string" ? input.name : "?";
  const spec = declared.get(name);
  if (!spec)
    throw new BadRequest(`the model has no input "${name}"; its inputs are ${[...declared.keys()].join(", ")}`);
  if (input.datatype !== spec.datatype)
    throw new BadRequest(`input "${name}" has datatype ${shown(input.datatype)}; the model takes ${spec.datatype}`);
  const size = sizeOf(input.shape, name);
  const fits =
    input.shape.length === spec.shape.length &&
    spec.shape.every((side, axis) => side < 0 || side === input.shape[axis]);
  if (!fits) throw new BadRequest(`input "${name}" has shape [${input.shape}]; the model takes [${spec.shape}]`);
  if (!Array.isArray(input.data)) throw new BadRequest(`input "${name}" needs its data as a list`);
  const data = input.data.some(Array.isArray) ? input.data.flat(spec.shape.length) : input.data;
  if (data.length !== size)
    throw new BadRequest(`input "${name}" has ${data.length} values; its shape [${input.shape}] needs ${size}`);
  const kind = kinds[spec.datatype];
  return {
    name,
    datatype: spec.datatype,
    shape: input.shape,
    data: data.map((value) => element(value, spec.datatype, kind, name)),
  };
}

/** An onnxruntime tensor of a checked input. */
export function toTensor(Tensor, { datatype, shape, data }) {
  const { type, array } = kinds[datatype];
  return new Tensor(type, array === Array ? data : array.from(data, type === "float16" ? toHalf : undefined), shape);
}

const printers = {
  bool: (value) => (value ? "true" : "false"),
  string: (value) => JSON.stringify(value),
  float16: (bits) => print(fromHalf(bits)),
};

/** NaN and infinities are printed bare, as Python's json and TF Serving do: who reads them must see them. */
const print = (value) => String(value);

/** The JSON text of an output tensor. 64-bit integers are printed exactly. */
export function writeOutput(name, tensor) {
  const printed = Array.from(tensor.data, printers[tensor.type] ?? print);
  return `{"name":${JSON.stringify(name)},"datatype":"${datatypes[tensor.type]}","shape":${JSON.stringify([...tensor.dims])},"data":[${printed.join(",")}]}`;
}
