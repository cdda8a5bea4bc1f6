import { isObject, type JsonValue } from "../../domain/json.ts";
import { WorldError } from "../../domain/problem.ts";
import type { Endpoint } from "../../domain/release.ts";
import type { RequestOptions } from "../../ports/protocol.ts";
import { httpSend } from "../system/http.ts";
import { jsonOf, shorten } from "./shared/answers.ts";
import { below, get } from "./shared/request.ts";

/** What a path is answered with: the JSON of a 200, and its text. Null: another status. */
type Said = { json: { [key: string]: JsonValue }; text: string } | null;
type Ask = (path: string) => Promise<Said>;

/** A server that answers whatever it is asked tells nothing by answering. */
const tellsApart = async (ask: Ask): Promise<boolean> => (await ask("/modelgate-no-such-path")) === null;

/** Whether a server has a method predict, as BentoML documents it. */
async function hasPredict(ask: Ask): Promise<boolean> {
  const paths = (await ask("/docs.json"))?.json["paths"];
  return isObject(paths) && paths["/predict"] !== undefined;
}

/** What tells protocols apart, in order: where a server speaks several the first is taken. Null: it does not speak it. */
const signs: readonly ((ask: Ask, model: string) => Promise<string | null>)[] = [
  async (ask, model) => {
    const said = await ask(`/v2/models/${model}`);
    return typeof said?.json["name"] === "string" && Array.isArray(said.json["inputs"]) ? "v2" : null;
  },
  async (ask, model) => {
    const said = await ask(`/v1/models/${model}`);
    if (Array.isArray(said?.json["model_version_status"])) return "tfserving";
    return typeof said?.json["ready"] === "boolean" || said?.json["ready"] === "True" ? "v1" : null;
  },
  async (ask) => ((await ask("/v1/models"))?.json["object"] === "list" ? "openai" : null),
  async (ask) => {
    const kind = (await ask("/info"))?.json["model_type"];
    return isObject(kind) && kind["embedding"] !== undefined ? "tei" : null;
  },
  async (ask) => ((await ask("/ping")) && /^\d+\.\d+/.test((await ask("/version"))?.text ?? "") ? "mlflow" : null),
  async (ask) => ((await ask("/ping"))?.json["status"] === "Healthy" ? "torchserve" : null),
  async (ask) => ((await ask("/ping")) && (await tellsApart(ask)) ? "sagemaker" : null),
  async (ask) => ((await ask("/readyz")) && (await hasPredict(ask)) ? "bentoml" : null),
];

/**
 * Finds out what an endpoint speaks, with GET only (gate specification, 4.3).
 * @returns the kind of the protocol. @throws WorldError `endpoint.answer` when nothing tells, with what each path was answered;
 * `endpoint.unreachable`.
 */
export async function detect(
  endpoint: Endpoint,
  model: string,
  options: RequestOptions,
  signal: AbortSignal,
): Promise<string> {
  const seen = new Map<string, { said: Said; told: string }>();
  const ask: Ask = async (path) => {
    const known = seen.get(path);
    if (known) return known.said;
    const { status, body } = await httpSend(get(below(endpoint, path), options), signal);
    const json = jsonOf(body);
    const said = status === 200 ? { json: isObject(json) ? json : {}, text: body.toString("utf8") } : null;
    seen.set(path, { said, told: `${path} answered ${status} ${shorten(body).slice(0, 60)}`.trim() });
    return said;
  };
  for (const sign of signs) {
    const kind = await sign(ask, encodeURIComponent(model));
    if (kind !== null) return kind;
  }
  throw new WorldError(
    {
      code: "endpoint.answer",
      message: `what ${endpoint.url} speaks cannot be found out: ${[...seen.values()].map(({ told }) => told).join("; ")}`,
      hint: "Name the protocol in image.custom.protocol. Servers are known by these paths; see docs/runtimes.md.",
    },
    { side: `endpoint ${endpoint.url}`, during: "finding out its protocol", retryable: false },
  );
}
