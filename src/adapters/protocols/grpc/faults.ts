import { grpcStatus } from "../../../domain/grpc-status.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import { isFloat } from "../../../domain/values.ts";
import type { Fault } from "../../../ports/protocol.ts";
import { type GrpcAnswer, type GrpcRequest, grpcSend } from "../../system/grpc.ts";
import { huge, made, notFinite, wrongShape } from "../shared/faults.ts";
import { speaks, writeAsTexts, writeInfer } from "./messages.ts";

/** A request that is wrong, and the statuses of HTTP that say what is right for it. */
export const grpcFault = (id: string, right: readonly number[], request: GrpcRequest): Fault => ({
  id,
  right,
  async send(signal) {
    const { code, details } = await grpcSend(request, signal);
    return { status: grpcStatus(code).http, body: details };
  },
});

/**
 * The negative table of the gate specification (4.5) as far as gRPC has it, made from one good request. Statuses are those of
 * HTTP that say the same.
 * @param call makes a request of a message. @param outputsOf reads a good answer.
 */
export function faultsOf(
  model: string,
  good: Tensors,
  call: (message: Uint8Array) => GrpcRequest,
  outputsOf: (request: GrpcRequest, answer: GrpcAnswer, id: string) => Tensors,
): Fault[] {
  const [first] = Object.entries(good);
  if (!first) return [];
  const [spoiled, tensor] = first;
  const { [spoiled]: _left, ...others } = good;
  const of = (inputs: Tensors, id: string, to = model) => ({ model: to, id, inputs, raw: false });
  const fault = (id: string, right: readonly number[], message: Uint8Array): Fault =>
    grpcFault(id, right, call(message));
  /** At the edge of what is right: it may be refused, or be answered with finite numbers. */
  const edge = (id: string, input: Tensor, right: readonly number[] = []): Fault => {
    const request = call(writeInfer(of({ ...good, [spoiled]: input }, id)));
    return {
      id,
      right: [200, 400, ...right],
      async send(signal) {
        const answer = await grpcSend(request, signal);
        if (answer.code === 0)
          notFinite(new URL(request.method, request.url), speaks, outputsOf(request, answer, id), "OK");
        return { status: grpcStatus(answer.code).http, body: answer.details };
      },
    };
  };
  const filled = (value: number): Tensor => ({ ...tensor, data: tensor.data.map(() => value) });
  const { shape } = tensor;
  return made([
    // What cannot be decoded is answered by the library of gRPC, with INTERNAL.
    () => fault("malformed message", [400, 500], Uint8Array.of(0x2a, 0xff, 0xff)),
    () => fault("empty message", [400, 404], new Uint8Array()),
    () => fault("missing input", [400], writeInfer(of(others, "fault"))),
    () =>
      fault(
        "wrong shape",
        [400],
        writeInfer(of(good, "fault"), (name, own) => (name === spoiled ? wrongShape(own) : own.shape)),
      ),
    ...(tensor.dtype === "string"
      ? []
      : [
          () =>
            fault(
              "wrong type",
              [400],
              writeInfer(of(good, "fault"), undefined, (w, _, own) => writeAsTexts(w, own)),
            ),
        ]),
    // Nothing in binary32 is as large as what is asked of JSON.
    ...(isFloat(tensor.dtype)
      ? [Number.NaN, tensor.dtype === "float64" ? 1e308 : 3e38].map((value) => () => edge(String(value), filled(value)))
      : []),
    ...(shape.length > 0 ? [() => edge("empty batch", { ...tensor, shape: [0, ...shape.slice(1)], data: [] })] : []),
    () => edge("oversized message", huge(tensor), [413, 429]),
    () => fault("unknown model", [404], writeInfer(of(good, "fault", "modelgate-no-such-model"))),
  ]);
}
