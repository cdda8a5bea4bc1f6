import { isObject, type JsonValue, readJson } from "../../domain/json.ts";
import type { Tensors } from "../../domain/tensor.ts";
import { jsonProtocol } from "./json/rest.ts";
import { fieldsBeside, floatsOf, rowsOf, tensorOf, textOf } from "./json/values.ts";

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

function bodyOf(inputs: Tensors, model: string): JsonValue {
  if (inputs["input"]) return { model, input: inputs["input"].data.map(String), ...fieldsBeside(inputs, ["input"]) };
  const own = ["messages", "prompt"];
  return { model, messages: messagesOf(inputs), ...settled, ...fieldsBeside(inputs, own) };
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

/** The first choice, with what it cost and how sure each token was, where the server says. */
function chat(body: Fields): Tensors {
  const [first] = Array.isArray(body["choices"]) ? body["choices"] : [];
  const choice = fieldsOf(first);
  const text = fieldsOf(choice["message"])["content"] ?? choice["text"];
  const ended = typeof choice["finish_reason"] === "string";
  if (typeof text !== "string" || (text === "" && !ended)) throw new RangeError("its first choice has no text");
  const tokens = fieldsOf(choice["logprobs"])["content"];
  const logprobs = Array.isArray(tokens) ? tokens.map((token) => fieldsOf(token)["logprob"] ?? null) : null;
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

/**
 * The API of OpenAI as vLLM, llama.cpp, TGI and Ollama serve it: `prompt` or `messages` (JSON) is a chat, `input` asks for
 * embeddings; other inputs of one value are fields of the request (max_tokens, logprobs).
 * https://platform.openai.com/docs/api-reference/chat
 */
export const openai = jsonProtocol({
  kind: "openai",
  speaks: "the OpenAI API",
  ready: () => ["/health", "/v1/models"],
  isReady(body, model) {
    const { data } = fieldsOf(body);
    return !Array.isArray(data) || data.some((listed) => fieldsOf(listed)["id"] === model);
  },
  infer: (_, inputs) => (inputs["input"] ? "/v1/embeddings" : "/v1/chat/completions"),
  write: bodyOf,
  read(body) {
    const { data } = fieldsOf(body);
    return Array.isArray(data) ? embeddings(data) : chat(fieldsOf(body));
  },
  rows: (inputs) => (inputs["input"] ? rowsOf(inputs) : null),
  // Servers differ: llama.cpp answers for whatever model it has.
  namesModel: false,
  own: ["messages", "prompt", "input"],
});
