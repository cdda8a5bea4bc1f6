import type { ModelFormat } from "../../ports/model-format.ts";
import { GraphWalk } from "./onnx/graph.ts";
import { Wire } from "./onnx/wire.ts";

/** Newest versions of ONNX 1.23. A later one may be sound, but nothing here can know. */
const newestIr = 14;
/** Facts are numbers where JSON can hold them exactly. */
const fact = (count: bigint): number | string =>
  count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : String(count);

const followers = [0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];

/** A second field that is the producer's name: text, unlike the message that TensorFlow's SavedModel has there. */
function namesProducer(head: Uint8Array): boolean {
  const length = head[3] ?? 0x80;
  const name = head.subarray(4, 4 + length);
  return (
    length < 0x80 && name.every((byte) => byte >= 0x20 && byte < 0x7f) && followers.includes(head[4 + length] ?? 0)
  );
}

/** ONNX: a protobuf ModelProto. Its first field is the IR version, then only fields of ModelProto follow. */
export const onnx: ModelFormat = {
  kind: "onnx",
  recognises: (head) =>
    head.length >= 4 &&
    head[0] === 0x08 &&
    head[1]! >= 1 &&
    head[1]! <= 64 &&
    (followers.includes(head[2]!) || (head[2] === 0x12 && namesProducer(head))),
  async inspect(folder, main, signal) {
    const wire = new Wire(main);
    const walk = new GraphWalk(wire, folder, signal);
    await walk.model(main.bytes);
    const { found } = walk;
    if (!found.hasGraph) throw wire.corrupt(0, "the model has no graph");
    if (found.irVersion > newestIr)
      throw wire.corrupt(0, `the IR version is ${found.irVersion}, and the newest known is ${newestIr}`);
    if (found.opsets.size === 0) throw wire.corrupt(0, "the model imports no operator set");
    if (found.outputs.length === 0) throw wire.corrupt(0, "the graph has no output that is a tensor");
    const custom = [...found.domains]
      .filter((domain) => domain !== "ai.onnx.ml" && domain !== "com.microsoft")
      .toSorted();
    return {
      files: [main, ...found.external.values()],
      inputs: found.inputs.filter((input) => !found.initializers.has(input.name)),
      outputs: found.outputs,
      facts: {
        opset: found.opsets.get("") ?? [...found.opsets.values()][0]!,
        ir: found.irVersion,
        ...(found.producer && { producer: found.producer }),
        parameters: fact(found.parameters),
        nodes: found.nodes,
        ...(custom.length > 0 && { "custom-domains": custom.join(", ") }),
        ...(found.otherOutputs.length > 0 && { "outputs-not-served": found.otherOutputs.join(", ") }),
        ...(found.external.size > 0 && { "external-files": found.external.size }),
      },
    };
  },
};
