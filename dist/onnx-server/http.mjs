import { createServer } from "node:http";
import { createMetrics } from "./metrics.mjs";
import { BadRequest } from "./tensors.mjs";

const json = { "content-type": "application/json" };
const retryLater = { "retry-after": "1" };

/** Keeps integers beyond 2^53 exact, for models that take 64-bit integers. Needs the source text, which Node gives from 22 on. */
function exactly(_key, value, context) {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  if (!context)
    throw new BadRequest(`integers beyond 2^53 need Node 22 or later; this server runs on ${process.version}`);
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

function parse(text, wide) {
  try {
    return JSON.parse(text, wide ? exactly : undefined);
  } catch (error) {
    throw error instanceof BadRequest ? error : new BadRequest(`the request is not JSON: ${error.message}`);
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A body that is too large is read on to four times the limit and dropped, so that the client gets to see the answer. */
async function readBody(request, limit) {
  const tooLarge = () => new BadRequest(`the request is larger than ${limit} bytes`, 413);
  if (Number(request.headers["content-length"] ?? 0) > 4 * limit) throw tooLarge();
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 4 * limit) throw tooLarge();
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw tooLarge();
  return Buffer.concat(chunks).toString("utf8");
}

/** The server of one model: Open Inference Protocol v2, /metrics, bounded in size and concurrency. */
export function createModelServer(model, { bodyLimit, queueLimit }) {
  const metrics = createMetrics();
  let inFlight = 0;
  let stopping = false;

  async function infer(request) {
    if (!/^application\/(json|.*\+json)\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
      throw new BadRequest("the content type must be application/json", 415);
    if (inFlight >= queueLimit) throw new BadRequest("too many requests wait already", 503, retryLater);
    inFlight++;
    try {
      return await model.infer(parse(await readBody(request, bodyLimit), model.wide));
    } finally {
      inFlight--;
    }
  }

  const named = (name) => {
    if (decoded(name) !== model.name)
      throw new BadRequest(`there is no model "${name}"; this server has "${model.name}"`, 404);
  };
  const versioned = (version) => {
    if (version !== undefined && version !== "1") throw new BadRequest(`there is no version "${version}"`, 404);
  };
  const healthy = () => {
    if (stopping) throw new BadRequest("the server is stopping", 503, retryLater);
    return "{}";
  };
  const routes = [
    ["GET", /^\/v2\/health\/live$/, () => "{}"],
    ["GET", /^\/v2\/health\/ready$/, healthy],
    ["GET", /^\/v2$/, () => JSON.stringify({ name: "modelgate-onnx-server", version: "1.0.0", extensions: [] })],
    [
      "GET",
      /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?\/ready$/,
      (_request, name, version) => (named(name), versioned(version), healthy()),
    ],
    [
      "GET",
      /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?$/,
      (_request, name, version) => (named(name), versioned(version), JSON.stringify(model.metadata)),
    ],
    [
      "POST",
      /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?\/infer$/,
      (request, name, version) => (named(name), versioned(version), infer(request)),
    ],
  ];

  async function answer(request) {
    const [pathname] = request.url.split("?", 1);
    const matches = routes
      .map(([method, path, work]) => ({ method, work, found: path.exec(pathname) }))
      .filter(({ found }) => found);
    if (matches.length === 0) throw new BadRequest(`there is nothing at ${pathname}`, 404);
    const route = matches.find(({ method }) => method === request.method);
    const allow = matches.map(({ method }) => method).join(", ");
    if (!route) throw new BadRequest(`${pathname} takes ${allow}`, 405, { allow });
    return route.work(request, ...route.found.slice(1));
  }

  const server = createServer(async (request, response) => {
    const started = performance.now();
    if (request.method === "GET" && request.url === "/metrics") {
      response
        .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
        .end(metrics.text({ ...model, inFlight }));
      return;
    }
    let [status, body, headers] = [200, "", {}];
    try {
      body = await answer(request);
    } catch (error) {
      // The client went away in the middle of its request: there is nobody to answer.
      if (request.errored) return;
      const expected = error instanceof BadRequest;
      if (!expected) console.error(error);
      status = expected ? error.status : 500;
      headers = expected ? error.headers : {};
      body = JSON.stringify({ error: expected ? error.message : "the server failed; its log says why" });
    }
    metrics.observe(status, (performance.now() - started) / 1000);
    // Node reads off a body that was not asked for, so that the client gets to see the answer.
    response.writeHead(status, { ...json, ...headers, ...(stopping && { connection: "close" }) }).end(body);
  });

  return {
    server,
    /** Stops accepting, finishes what is under way, then resolves. */
    stop: () =>
      new Promise((resolve) => {
        stopping = true;
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
