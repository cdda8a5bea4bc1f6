import { isObject, type JsonValue, readJson } from "../../domain/json.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Answer, RequestOptions } from "../../ports/protocol.ts";
import { eventBody, streamed } from "./json/events.ts";
import { jsonProtocol } from "./json/rest.ts";
import { fieldsBeside, floatsOf, rowsOf, tensorOf, textOf } from "./json/values.ts";
import type { ServerEvent } from "./shared/events.ts";

type Fields = { [key: string]: JsonValue };
const fieldsOf = (value: JsonValue | undefined): Fields => (isObject(value) ? value : {});

/** The messages of a chat: as they are, or a prompt as the user's. */
function messagesOf(inputs: Tensors): JsonValue {
  if (!inputs["messages"]) return [{ role: "user", content: textOf(inputs, "prompt") }];
  const text = textOf(inputs, "messages");
  try {
    return readJson(text);
  } catch (cause) {
    throw new RangeError(`the input messages is not a JSON list: ${(cause as Error).message}`, { cause });
  }
}

/** Chosen so that the same question is answered the same way, as far as servers can. */
const settled = { temperature: 0 };

/** With the numbers of tokens in the last event. */
const streaming = { stream: true, stream_options: { include_usage: true } };

function bodyOf(inputs: Tensors, model: string, { stream, completions }: RequestOptions): JsonValue {
  if (inputs["input"]) return { model, input: inputs["input"].data.map(String), ...fieldsBeside(inputs, ["input"]) };
  const own = ["messages", "prompt"];
  const asked = completions ? { prompt: textOf(inputs, "prompt") } : { messages: messagesOf(inputs) };
  return { model, ...asked, ...settled, ...(stream && streaming), ...fieldsBeside(inputs, own) };
}

function embeddings(data: readonly JsonValue[]): Tensors {
  const rows = data.map(fieldsOf).toSorted((a, b) => Number(a["index"]) - Number(b["index"]));
  return {
    embedding: floatsOf(
      rows.map((row) => row["embedding"] ?? null),
      "embedding",
    ),
  };
}

/** Of a chat they stand with each token, of a completion in a list of their own; null: none were asked for. */
function logprobsOf(choice: Fields): JsonValue[] | null {
  const { content: tokens, token_logprobs: listed } = fieldsOf(choice["logprobs"]);
  if (Array.isArray(tokens)) return tokens.map((token) => fieldsOf(token)["logprob"] ?? null);
  return Array.isArray(listed) ? listed : null;
}

/** The first choice, with what it cost and how sure each token was, where the server says. */
function chat(body: Fields): Tensors {
  const [first] = Array.isArray(body["choices"]) ? body["choices"] : [];
  const choice = fieldsOf(first);
  const text = fieldsOf(choice["message"])["content"] ?? choice["text"];
  const ended = typeof choice["finish_reason"] === "string";
  if (typeof text !== "string" || (text === "" && !ended)) throw new RangeError("its first choice has no text");
  const logprobs = logprobsOf(choice);
  const usage = fieldsOf(body["usage"]);
  const counted = ["prompt_tokens", "completion_tokens"].filter((name) => typeof usage[name] === "bigint");
  return {
    text: tensorOf(text, "text"),
    ...(typeof choice["finish_reason"] === "string" && {
      finish_reason: tensorOf(choice["finish_reason"], "finish_reason"),
    }),
    ...(logprobs && { logprobs: floatsOf(logprobs, "logprobs") }),
    ...Object.fromEntries(counted.map((name) => [name, tensorOf(usage[name], name)])),
  };
}

/** The piece of text in a chunk of a chat or of a completion. */
function textIn(chunk: Fields): string {
  const text = fieldsOf(chunk["delta"])["content"] ?? chunk["text"];
  return typeof text === "string" ? text : "";
}

/** The pieces of the first choice put together, as it would have come without a stream. */
function streamOf(events: readonly ServerEvent[]): Pick<Answer, "outputs" | "stream"> {
  const said = events.findIndex(({ data }) => data === "[DONE]");
  const bodies = (said < 0 ? events : events.slice(0, said)).map((event) => ({ at: event.at, body: eventBody(event) }));
  const choices = bodies.flatMap(({ at, body: { choices: all } }) =>
    (Array.isArray(all) ? all : [])
      .map(fieldsOf)
      .filter(({ index }) => index === undefined || index === 0n)
      .map((choice) => ({ at, choice, text: textIn(choice) })),
  );
  const written = choices.filter(({ text }) => text !== "");
  const reason = choices.findLast(({ choice }) => typeof choice["finish_reason"] === "string")?.choice["finish_reason"];
  if (said < 0 && reason === undefined) throw new RangeError("the stream ends before the text does");
  const logprobs = choices.flatMap(({ choice }) => logprobsOf(choice) ?? []);
  const usage = fieldsOf(bodies.findLast(({ body }) => isObject(body["usage"]))?.body["usage"]);
  const whole: Fields = {
    text: written.map(({ text }) => text).join(""),
    ...(reason !== undefined && { finish_reason: reason }),
    ...(logprobs.length > 0 && { logprobs: { token_logprobs: logprobs } }),
  };
  return {
    outputs: chat({ choices: [whole], usage }),
    ...streamed(
      written.map(({ at }) => at),
      usage["completion_tokens"],
    ),
  };
}

/**
 * The API of OpenAI as vLLM, llama.cpp, TGI and Ollama serve it: `prompt` or `messages` (JSON) is a chat, `input` asks for
 * embeddings; other inputs of one value are fields of the request (max_tokens, logprobs). Texts may come as a stream.
 * https://platform.openai.com/docs/api-reference/chat
 */
export const openai = jsonProtocol({
  kind: "openai",
  speaks: "the OpenAI API",
  isReady(body, model) {
    const { data } = fieldsOf(body);
    return !Array.isArray(data) || data.some((listed) => fieldsOf(listed)["id"] === model);
  },
  takes: ["stream", "completions"],
  infer(_, inputs, { completions }) {
    if (inputs["input"]) return "/v1/embeddings";
    return completions ? "/v1/completions" : "/v1/chat/completions";
  },
  write: bodyOf,
  read(body) {
    const { data } = fieldsOf(body);
    return Array.isArray(data) ? embeddings(data) : chat(fieldsOf(body));
  },
  streams: (inputs, { stream }) => stream === true && !inputs["input"],
  readEvents: streamOf,
  rows: (inputs) => (inputs["input"] ? rowsOf(inputs) : null),
  // Servers differ: llama.cpp answers for whatever model it has.
  namesModel: false,
  own: ["messages", "prompt", "input"],
});
