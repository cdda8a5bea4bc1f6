import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { protocols } from "../../src/adapters/protocols/index.ts";
import type { Dialect } from "../../src/domain/dialect.ts";
import type { Tensors } from "../../src/domain/tensor.ts";
import type { Protocol } from "../../src/ports/protocol.ts";
import { type Asked, wireProtocols } from "../../src/wire/protocols.ts";
import { grpcServer } from "../fakes/grpc-server.ts";

const { signal } = new AbortController();
const threadFile = "no thread is started here";
const good: Tensors = { x: { dtype: "float32", shape: [1, 1], data: [1] } };
const resolve = (path: string): string => path;
const plain = { access: null, dialect: {}, resolve, threadFile };
const bearer = { headers: { Authorization: "TOKEN" }, host: null, tls: null };
const needed: Record<string, Dialect> = {
  vertex: { vertex: { health: "/alive", predict: "/answer" } },
  http: { http: { ready: "/up", method: "POST", path: "/ask", body: null, read: { p: "/p" } } },
};
const secret = "Bearer very-secret";

/** A server that refuses everybody, and keeps what it was shown. */
async function gate() {
  const shown: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization);
    request.resume();
    response.writeHead(401).end(JSON.stringify({ detail: `bad token ${request.headers.authorization}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  return { shown, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const overHttp = Object.keys(protocols).filter((kind) => kind !== "v2-grpc");

test("a call of v2-grpc carries the credentials, and no message does", async () => {
  const shown: unknown[] = [];
  await using server = await grpcServer(() => ({ code: status.UNAUTHENTICATED, details: `bad token ${secret}` }), {
    seen: ({ authorization }) => shown.push(authorization),
  });
  const wired = wireProtocols({ access: bearer, dialect: {}, resolve, threadFile }, { TOKEN: secret });
  const send = (protocol: Protocol) =>
    protocol
      .connect(server.endpoint, "m")
      .prepare(good, "a")
      .send(signal)
      .catch((error: Error) => error.message);
  expect(await send(wired.protocol("v2-grpc"))).toMatch(/UNAUTHENTICATED: bad token \*\*\*$/);
  for (const { send: bad } of wired.protocol("v2-grpc").faults(server.endpoint, "m", good))
    expect((await bad(signal)).body).not.toContain("very-secret");
  expect(new Set(shown)).toEqual(new Set([secret]));
  shown.length = 0;
  await send(wired.stranger("v2-grpc")!);
  expect(shown).toEqual([undefined]);
});

test.each(overHttp)("every request of %s carries the credentials, and no message does", async (kind) => {
  const { shown, url } = await gate();
  const wired = wireProtocols({ access: bearer, dialect: needed[kind] ?? {}, resolve, threadFile }, { TOKEN: secret });
  const text = kind === "openai" || kind === "tgi" || kind === "tei";
  const inputs: Tensors = text ? { prompt: { dtype: "string", shape: [1], data: ["a"] } } : good;
  const endpoint = { url, protocol: kind };
  const protocol = wired.protocol(kind);
  await using session = protocol.connect(endpoint, "m");
  expect((await session.ready(signal)).detail).toContain("bad token ***");
  const said = await session
    .prepare(inputs, "a")
    .send(signal)
    .then(
      () => "answered",
      (error: Error) => `${error.message} ${JSON.stringify(error)}`,
    );
  expect(said).toMatch(/401/);
  expect(said).not.toContain("very-secret");
  const own = protocol.badRequest(endpoint, "m", { id: "own", body: "{}", status: [400] });
  for (const { send } of [...protocol.faults(endpoint, "m", inputs), own])
    expect((await send(signal)).body).not.toContain("very-secret");
  expect(shown.length).toBeGreaterThan(5);
  expect(new Set(shown)).toEqual(new Set([secret]));

  const stranger = wired.stranger(kind)!;
  shown.length = 0;
  await stranger.connect(endpoint, "m").ready(signal);
  await stranger.badRequest(endpoint, "m", { id: "own", body: "{}", status: [400] }).send(signal);
  expect(new Set(shown)).toEqual(new Set([undefined]));
});

test("without credentials there is no stranger", () => {
  const { protocol, stranger } = wireProtocols(plain, {});
  expect([protocol("v2").kind, stranger("v2")]).toEqual(["v2", null]);
});

test.each([
  [{}, /TOKEN is not set: access.headers.Authorization takes its value from it/],
  [{ TOKEN: "a\nb" }, /TOKEN is of several lines/],
])("a variable that cannot be a header is told by name: %j", (env, message) => {
  expect(() => wireProtocols({ access: bearer, dialect: {}, resolve, threadFile }, env).protocol("v2")).toThrow(
    message,
  );
});

describe("access.tls", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  const client = { cert: "MODEL_CERT", key: "MODEL_KEY" };
  const wired = (tls: Partial<NonNullable<NonNullable<Asked["access"]>["tls"]>>, env: Record<string, string> = {}) =>
    wireProtocols(
      {
        access: { headers: {}, host: null, tls: { ca: null, client: null, serverName: null, ...tls } },
        dialect: {},
        resolve: (path) => `/nowhere/${path}`,
        threadFile,
      },
      env,
    );
  const https = { url: "https://127.0.0.1:1", protocol: "v2" };

  test("is refused for an endpoint that is asked without it", async () => {
    const { protocol, detect } = wired({});
    const http = { url: "http://127.0.0.1:1", protocol: "v2" };
    expect(() => protocol("v2").connect(http, "m")).toThrow(
      "access.tls is set, and http://127.0.0.1:1 is asked without TLS",
    );
    await expect(detect(http, "m", signal)).rejects.toThrow("asked without TLS");
    expect(protocol("v2").connect(https, "m")).toBeDefined();
  });

  test.each<[string, Parameters<typeof wired>, RegExp]>([
    ["a variable that is not set", [{ client }, { MODEL_CERT: pem }], /MODEL_KEY is not set: access\.tls\.key/],
    ["a file that is not there", [{ ca: "ca.pem" }], /the file that access\.tls\.ca names cannot be read/],
    [
      "a file of a variable",
      [{ client }, { MODEL_CERT: "/nowhere/c", MODEL_KEY: pem }],
      /access\.tls\.cert names cannot/,
    ],
  ])("tells of %s", (_title, words, message) => {
    expect(() => wired(...words).protocol("v2")).toThrow(message);
  });

  test("makes who shows a certificate known, and who only trusts an authority nobody", () => {
    expect(wired({ client }, { MODEL_CERT: pem, MODEL_KEY: pem }).stranger("v2")).not.toBeNull();
    expect(wired({ serverName: "model.internal" }).stranger("v2")).toBeNull();
  });
});

test("an unknown protocol is told with those there are", () => {
  expect(() => wireProtocols(plain, {}).protocol("v3")).toThrow('the release speaks the protocol "v3"');
});

test("what a protocol does not take is told at its key", () => {
  const { protocol } = wireProtocols({ access: null, dialect: { stream: true }, resolve, threadFile }, {});
  expect(protocol("openai").kind).toBe("openai");
  expect(() => protocol("v2")).toThrow("protocol.stream is set, and the protocol v2");
});

test("what a protocol cannot do without is told", () => {
  const { protocol } = wireProtocols(plain, {});
  expect(() => protocol("http")).toThrow("protocol.http is missing");
  expect(() => protocol("vertex")).toThrow("protocol.vertex is missing");
});

test("a stranger asks in the same dialect", async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    request.resume();
    response.writeHead(401).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  const endpoint = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol: "tgi" };
  const wired = wireProtocols({ access: bearer, dialect: { stream: true }, resolve, threadFile }, { TOKEN: secret });
  for (const protocol of [wired.protocol("tgi"), wired.stranger("tgi")!])
    await protocol.badRequest(endpoint, "m", { id: "own", body: "{}", status: [400] }).send(signal);
  expect(asked).toEqual(["/generate_stream", "/generate_stream"]);
});

test("what cannot be found out is told without credentials", async () => {
  const { shown, url } = await gate();
  const { detect } = wireProtocols({ access: bearer, dialect: {}, resolve, threadFile }, { TOKEN: secret });
  const said = await detect({ url, protocol: "auto" }, "m", signal).then(
    () => "found",
    (error: Error) => error.message,
  );
  expect(said).toMatch(/\/v2\/models\/m answered 401 .*bad token \*\*\*/);
  expect(said).not.toContain("very-secret");
  expect(new Set(shown)).toEqual(new Set([secret]));
});
