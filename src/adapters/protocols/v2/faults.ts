import { WorldError } from "../../../domain/problem.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { isFloat } from "../../../domain/values.ts";
import type { Access, Fault } from "../../../ports/protocol.ts";
import { type HttpRequest, httpSend } from "../../system/http.ts";
import { fault, told } from "../shared/fault.ts";
import { readOutputs, wrongAnswer } from "./answers.ts";
import { writeData, writeInput, writeTensor } from "./tensors.ts";

/** The JSON text of a request. */
export const writeRequest = (id: string, inputs: readonly string[]): string =>
  `{"id":${JSON.stringify(id)},"inputs":[${inputs.join(",")}]}`;

export const jsonType = { "content-type": "application/json" };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Whether the server closed the connection while the body was still being sent, as many do with one that is too large. */
const isCut = (error: unknown): boolean =>
  error instanceof WorldError &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  ["EPIPE", "ECONNRESET"].includes(String(error.cause.code));

/** A request at the edge of what is right: it may be refused, or be answered with finite numbers. */
function edge(id: string, infer: HttpRequest, body: string): Fault {
  return {
    id,
    right: [200, 400, 422],
    async send(signal) {
      const answer = await httpSend({ ...infer, body: bytes(body) }, signal);
      if (answer.status === 200)
        for (const [name, { data }] of Object.entries(readOutputs(infer.url, answer, id))) {
          const wrong = data.find((value) => typeof value === "number" && !Number.isFinite(value));
          if (wrong !== undefined) throw wrongAnswer(infer.url, `answered 200 with ${String(wrong)} in ${name}`);
        }
      return told(answer);
    },
  };
}

const oversizedBytes = 5 * 2 ** 20;
const zeroOf = ({ dtype }: Tensor): string => (dtype === "string" ? '""' : dtype === "bool" ? "false" : "0");

/** One row as wide as 5 MB of zeros: where the model takes any width it may be answered, and must be answered soundly. */
function oversized(infer: HttpRequest, name: string, tensor: Tensor, others: readonly string[]): Fault {
  const id = "oversized body";
  const zero = zeroOf(tensor);
  const width = Math.ceil(oversizedBytes / (zero.length + 1));
  const shape = [...tensor.shape.slice(0, -1).map(() => 1), width];
  const data = `[${`${zero},`.repeat(width - 1)}${zero}]`;
  const sent = edge(id, infer, writeRequest(id, [writeInput(name, { ...tensor, shape }, data), ...others]));
  return {
    id,
    right: [413, ...sent.right],
    send: (signal) =>
      sent.send(signal).catch((error: unknown) => {
        if (isCut(error)) return { status: 0, body: "the connection was closed without an answer" };
        throw error;
      }),
  };
}

/** The JSON texts of data that no server may take for the input's. */
const wrongType = (tensor: Tensor): string =>
  `[${tensor.data.map(() => (tensor.dtype === "string" ? "{}" : '"not a number"')).join(",")}]`;

/** A shape with one more than the data has: wrong also where the model leaves the axis open. */
const wrongShape = ({ dtype, shape }: Tensor): Pick<Tensor, "dtype" | "shape"> => ({
  dtype,
  shape: [...shape.slice(0, -1), (shape.at(-1) ?? 1) + 1],
});

/**
 * The negative table of the gate specification (4.5), made from one good request by spoiling its first input.
 * @param infer where inferences are sent @param unknown the same of a model that does not exist @param access what each carries
 */
export function faultTable(infer: URL, unknown: URL, good: Tensors, access: Access): Fault[] {
  const headers = { ...jsonType, ...access };
  const post: HttpRequest = { method: "POST", url: infer, headers };
  const [first, ...rest] = Object.entries(good);
  if (!first) return [];
  const [name, tensor] = first;
  const others = rest.map(([other, value]) => writeTensor(other, value));
  const spoiled = (id: string, input: string): string => writeRequest(id, [input, ...others]);
  const sound = spoiled("fault", writeTensor(name, tensor));
  const filled = (id: string, value: string): Fault =>
    edge(id, post, spoiled(id, writeInput(name, tensor, `[${tensor.data.map(() => value).join(",")}]`)));
  const empty = { dtype: tensor.dtype, shape: [0, ...tensor.shape.slice(1)] };
  return [
    fault("malformed JSON", [400], { ...post, body: bytes(sound.slice(0, -2)) }),
    fault("no inputs", [400, 422], { ...post, body: bytes("{}") }),
    fault("missing input", [400, 422], { ...post, body: bytes(writeRequest("fault", [])) }),
    fault("wrong shape", [400, 422], {
      ...post,
      body: bytes(spoiled("fault", writeInput(name, wrongShape(tensor), writeData(tensor)))),
    }),
    fault("wrong type", [400, 422], {
      ...post,
      body: bytes(spoiled("fault", writeInput(name, tensor, wrongType(tensor)))),
    }),
    fault("unknown model", [404], { ...post, url: unknown, body: bytes(sound) }),
    fault("wrong content type", [415, 400], {
      ...post,
      headers: { ...headers, "content-type": "text/plain" },
      body: bytes("x=1"),
    }),
    ...(isFloat(tensor.dtype) ? [filled("NaN", "NaN"), filled("1e308", "1e308")] : []),
    ...(tensor.shape.length > 0
      ? [edge("empty batch", post, spoiled("empty batch", writeInput(name, empty, "[]")))]
      : []),
    oversized(post, name, tensor, others),
    fault("GET on infer", [405, 404], { method: "GET", url: infer, headers: access }),
  ];
}
