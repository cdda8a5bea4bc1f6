import { isObject, type JsonValue } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { fieldsBeside, tensorOf, textOf } from "./json/values.ts";

/** Text Generation Inference: a prompt in, a text out. https://huggingface.github.io/text-generation-inference/ */
export const tgi = jsonProtocol({
  kind: "tgi",
  speaks: "Text Generation Inference",
  ready: () => ["/health"],
  infer: () => "/generate",
  write: (inputs) => ({ inputs: textOf(inputs, "prompt"), parameters: fieldsBeside(inputs, ["prompt"]) }),
  read(body) {
    const text: JsonValue | undefined = isObject(body) ? body["generated_text"] : undefined;
    if (typeof text !== "string") throw new RangeError("it has no generated_text");
    return { text: tensorOf(text, "text") };
  },
  rows: () => null,
  namesModel: false,
  own: ["prompt"],
});
