import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { detect } from "../../../src/adapters/protocols/index.ts";

const { signal } = new AbortController();

/** What servers answer to GET, path by path, as their documentation has it; other paths are not found. */
const servers: Record<string, Record<string, string>> = {
  v2: { "/v2/models/m": '{"name":"m","versions":["1"],"platform":"onnx","inputs":[],"outputs":[]}' },
  v1: { "/v1/models/m": '{"name":"m","ready":true}' },
  tfserving: { "/v1/models/m": '{"model_version_status":[{"version":"3","state":"LOADING"}]}' },
  openai: { "/v1/models": '{"object":"list","data":[{"id":"m","object":"model"}]}', "/health": "", "/ping": "" },
  mlflow: { "/ping": "\n", "/health": "\n", "/version": "3.17.2" },
  torchserve: { "/ping": '{"status": "Healthy"}' },
  sagemaker: { "/ping": "" },
  bentoml: { "/readyz": "\n", "/docs.json": '{"openapi":"3.0.2","paths":{"/predict":{"post":{}}}}', "/": "<html>" },
  tei: { "/info": '{"model_id":"m","model_type":{"embedding":{"pooling":"cls"}}}', "/ping": "", "/health": "" },
};

/** A server that answers GET, and keeps what else it was asked. */
async function serving(answers: Record<string, string>, other = 404) {
  const methods = new Set<string>();
  const server = createServer(({ method, url = "", headers }, response) => {
    methods.add(`${method} ${headers.authorization ?? ""}`.trim());
    const body = answers[url.replace(/^\/base/, "")];
    response.writeHead(body === undefined ? other : 200).end(body ?? "Not Found");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { methods, endpoint: { url: `http://127.0.0.1:${port}/base/`, protocol: "auto" } };
}

test.each(Object.entries(servers))("%s is known by what it answers to GET", async (kind, answers) => {
  const { endpoint, methods } = await serving(answers);
  expect(await detect(endpoint, "m", { access: { Authorization: "Bearer t" } }, signal)).toBe(kind);
  expect([...methods]).toEqual(["GET Bearer t"]);
});

test("where a server speaks several protocols the first in order is taken", async () => {
  const { endpoint } = await serving({ ...servers["v2"], ...servers["v1"], ...servers["mlflow"] });
  expect(await detect(endpoint, "m", {}, signal)).toBe("v2");
});

test("a server that nothing tells of is an error with what each path was answered", async () => {
  const { endpoint } = await serving({ "/ping": "pong", "/v1/models": '{"models":["m"]}' }, 200);
  await expect(detect(endpoint, "m", {}, signal)).rejects.toMatchObject({
    problem: { code: "endpoint.answer" },
    message: expect.stringMatching(
      /cannot be found out: \/v2\/models\/m answered 200 Not Found; .*\/v1\/models answered 200 \{"models":\["m"\]\}; .*\/ping answered 200 pong; .*\/modelgate-no-such-path answered 200/,
    ),
  });
});

test("a server that asks for credentials is told so, path by path", async () => {
  const { endpoint } = await serving({}, 401);
  await expect(detect(endpoint, "m", {}, signal)).rejects.toThrow(/\/v2\/models\/m answered 401/);
});

test("a readiness path without the method that inferences are sent to is no BentoML", async () => {
  const { endpoint } = await serving({ "/readyz": "", "/docs.json": '{"paths":{"/summarize":{}}}' });
  await expect(detect(endpoint, "m", {}, signal)).rejects.toThrow(/\/docs\.json answered 200/);
});
