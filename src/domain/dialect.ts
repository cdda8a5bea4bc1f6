import type { JsonValue } from "./json.ts";

/** How a server that speaks no protocol of its own is asked. */
export interface HttpTemplate {
  /** Path that answers 200 once the model can be asked. */
  ready: string;
  method: "POST" | "PUT" | "PATCH";
  path: string;
  /** `"{x}"` stands for the rows of the input x, `"{x[0]}"` for the only one; null: inputs by their names. */
  body: JsonValue;
  /** Output → where it stands in the answer, as a JSON pointer. */
  read: Readonly<Record<string, string>>;
}

/** What a user says of requests where their protocol leaves a choice: only what was said is there. */
export interface Dialect {
  /** Generated text comes as a stream of events. */
  stream?: boolean;
  /** A prompt is gone on with as it is, and is no message of a chat. */
  completions?: boolean;
  /** Tensors go and come as bytes behind the JSON. */
  binary?: boolean;
  /** The routes that Vertex AI is told of a container. */
  vertex?: { health: string; predict: string };
  http?: HttpTemplate;
}
