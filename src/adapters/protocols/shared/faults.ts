import { WorldError } from "../../../domain/problem.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { isFloat } from "../../../domain/values.ts";
import type { Fault, RequestOptions } from "../../../ports/protocol.ts";
import { type HttpAnswer, httpSend } from "../../system/http.ts";
import { wrongAnswer } from "./answers.ts";
import { fault, told } from "./fault.ts";
import { get, post } from "./request.ts";

/** How a protocol writes requests that are to be spoiled. */
export interface Spoiling {
  /** The protocol in messages. */
  speaks: string;
  /** Where inferences are sent, and how. */
  url: URL;
  options: RequestOptions;
  /** The same of a model that does not exist, with a sound body; null where requests name no model. */
  unknown: { url: URL; body: string } | null;
  /** The input to spoil: one that the model cannot do without. */
  name: string;
  /** JSON text of a request. Elements of any type are written as they are. @throws RangeError for what the protocol cannot carry. */
  write(inputs: Tensors, id: string): string;
  /** JSON text of a request whose input has no sound shape, wrong also where the model leaves the axis open. @throws RangeError */
  wrongShape(id: string): string;
  /** @throws WorldError `endpoint.answer` for an answer that is not sound. */
  read(answer: HttpAnswer, inputs: Tensors, id: string): Tensors;
}

/** Stands in a request for what no writer of JSON writes. */
export const mark = "what modelgate spoils";

/** A request with a JSON text, sound or not, in the places of {@link mark}. */
export const marked = (request: string, text: string): string => request.replaceAll(`"${mark}"`, text);

/** A shape with one more than the data has. */
export const wrongShape = ({ shape }: Tensor): number[] => [...shape.slice(0, -1), (shape.at(-1) ?? 1) + 1];

const oversizedBytes = 5 * 2 ** 20;

/** Whether the server closed the connection while the body was still being sent, as many do with one that is too large. */
const isCut = (error: unknown): boolean =>
  error instanceof WorldError &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  ["EPIPE", "ECONNRESET"].includes(String(error.cause.code));

/** 5 MB of zeros: one row of them where the input holds numbers, which a model may take; a text of them otherwise. */
export function huge({ dtype, shape }: Tensor): Tensor {
  const ones = shape.map(() => 1);
  if (dtype === "string") return { dtype, shape: ones, data: ["0".repeat(oversizedBytes)] };
  const zero = dtype === "bool" ? false : 0;
  const width = Math.ceil(oversizedBytes / `${zero},`.length);
  return { dtype, shape: [...ones.slice(1), width], data: Array<typeof zero>(width).fill(zero) };
}

/** @throws WorldError `endpoint.answer` for an answer in which a number is not finite. */
export function notFinite(url: URL, speaks: string, outputs: Tensors, status: string): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    const wrong = data.find((value) => typeof value === "number" && !Number.isFinite(value));
    if (wrong !== undefined) throw wrongAnswer(url, speaks, `answered ${status} with ${String(wrong)} in ${name}`);
  }
}

/** The faults of those makers that the protocol can carry: the others throw RangeError. */
export const made = (makers: readonly (() => Fault)[]): Fault[] =>
  makers.flatMap((make) => {
    try {
      return [make()];
    } catch (error) {
      if (error instanceof RangeError) return [];
      throw error;
    }
  });

/** A request at the edge of what is right: it may be refused, or be answered with finite numbers. */
const edge = ({ url, options, read, speaks }: Spoiling, id: string, inputs: Tensors, body: string): Fault => ({
  id,
  right: [200, 400, 422],
  async send(signal) {
    const answer = await httpSend(post(url, body, options), signal);
    if (answer.status === 200) notFinite(url, speaks, read(answer, inputs, id), "200");
    return told(answer);
  },
});

/** Where the model takes any size it may be answered, and must be answered soundly. */
function oversized(spoiling: Spoiling, inputs: Tensors): Fault {
  const id = "oversized body";
  const sent = edge(spoiling, id, inputs, spoiling.write(inputs, id));
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

/** The faults that lie in the inputs, one for each that the protocol can carry. */
function inputFaults(spoiling: Spoiling, good: Tensors): Fault[] {
  const { name, url, options, write } = spoiling;
  const tensor = good[name]!;
  const refused = (id: string, body: string): Fault => fault(id, [400, 422], post(url, body, options));
  /** The good request with each value of the input replaced by a JSON text. */
  const filled = (id: string, value: string): string =>
    marked(write({ ...good, [name]: { ...tensor, data: tensor.data.map(() => mark) } }, id), value);
  const { [name]: _left, ...others } = good;
  const empty = { ...good, [name]: { ...tensor, shape: [0, ...tensor.shape.slice(1)], data: [] } };
  return made([
    () => refused("missing input", write(others, "fault")),
    () => refused("wrong shape", spoiling.wrongShape("fault")),
    () => refused("wrong type", filled("fault", tensor.dtype === "string" ? "{}" : '"not a number"')),
    ...(isFloat(tensor.dtype)
      ? ["NaN", "1e308"].map((value) => () => edge(spoiling, value, good, filled(value, value)))
      : []),
    ...(tensor.shape.length > 0 ? [() => edge(spoiling, "empty batch", empty, write(empty, "empty batch"))] : []),
    () => oversized(spoiling, { ...good, [name]: huge(tensor) }),
  ]);
}

/** The negative table of the gate specification (4.5), made from one good request. */
export function faultTable(spoiling: Spoiling, good: Tensors): Fault[] {
  const { url, options, unknown, write } = spoiling;
  const sound = write(good, "fault");
  const form = post(url, "x=1", options);
  return [
    fault("malformed JSON", [400, 422], post(url, sound.slice(0, -2), options)),
    fault("empty object", [400, 422], post(url, "{}", options)),
    ...inputFaults(spoiling, good),
    ...(unknown ? [fault("unknown model", [404], post(unknown.url, unknown.body, options))] : []),
    fault("wrong content type", [415, 400], { ...form, headers: { ...form.headers, "content-type": "text/plain" } }),
    fault("GET on infer", [405, 404], get(url, options)),
  ];
}
