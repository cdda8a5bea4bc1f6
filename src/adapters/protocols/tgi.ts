import { isObject, type JsonValue } from "../../domain/json.ts";
import type { Answer } from "../../ports/protocol.ts";
import { eventBody, streamed } from "./json/events.ts";
import { jsonProtocol } from "./json/rest.ts";
import { fieldsBeside, tensorOf, textOf } from "./json/values.ts";
import type { ServerEvent } from "./shared/events.ts";

/** A token an event, and the whole text with the last of them. */
function streamOf(events: readonly ServerEvent[]): Pick<Answer, "outputs" | "stream"> {
  const bodies = events.map((event) => ({ at: event.at, body: eventBody(event) }));
  const written = bodies.filter(({ body: { token } }) => isObject(token) && !token["special"] && token["text"] !== "");
  const last = bodies.at(-1)?.body ?? {};
  if (typeof last["generated_text"] !== "string") throw new RangeError("the stream ends before the text does");
  const counted = isObject(last["details"]) ? last["details"]["generated_tokens"] : null;
  return {
    outputs: { text: tensorOf(last["generated_text"], "text") },
    ...streamed(
      written.map(({ at }) => at),
      counted,
    ),
  };
}

/** Text Generation Inference: a prompt in, a text out. https://huggingface.github.io/text-generation-inference/ */
export const tgi = jsonProtocol({
  kind: "tgi",
  speaks: "Text Generation Inference",
  takes: ["stream"],
  infer: (_model, _inputs, { stream }) => (stream ? "/generate_stream" : "/generate"),
  write: (inputs) => ({ inputs: textOf(inputs, "prompt"), parameters: fieldsBeside(inputs, ["prompt"]) }),
  read(body) {
    const text: JsonValue | undefined = isObject(body) ? body["generated_text"] : undefined;
    if (typeof text !== "string") throw new RangeError("it has no generated_text");
    return { text: tensorOf(text, "text") };
  },
  streams: (_, { stream }) => stream === true,
  readEvents: streamOf,
  rows: () => null,
  namesModel: false,
  own: ["prompt"],
});
