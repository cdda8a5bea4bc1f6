import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { fault } from "../../../src/adapters/protocols/shared/fault.ts";
import { get, post } from "../../../src/adapters/protocols/shared/request.ts";
import { httpSend } from "../../../src/adapters/system/http.ts";
import type { RequestOptions, Tls } from "../../../src/ports/protocol.ts";
import { authority, type Issued } from "../../fakes/certificates.ts";

const { signal } = new AbortController();

async function listening(server: ReturnType<typeof createServer>, scheme: "http" | "https"): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/base/ask`);
}
const serving = (answer: RequestListener): Promise<URL> => listening(createServer(answer), "http");

test("connections of a burst are kept for the next one, however many", async () => {
  const burst = 300;
  let held: ServerResponse[] = [];
  // Nobody is answered before all have asked, so that each request needs a connection of its own.
  const server = createServer((_request, response) => {
    held.push(response);
    if (held.length < burst) return;
    for (const waiting of held) waiting.end("{}");
    held = [];
  });
  let connections = 0;
  server.on("connection", () => connections++);
  const url = await listening(server, "http");
  for (const _round of [1, 2]) {
    await Promise.all(Array.from({ length: burst }, () => httpSend(get(url, {}), signal)));
    expect(connections).toBe(burst);
  }
});

describe("an answer", () => {
  test("that unpacks to more than 64 MB is refused, however small it came", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20 + 1));
    expect(bomb.length).toBeLessThan(100_000);
    const url = await serving((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb));
    await expect(httpSend(get(url, {}), signal)).rejects.toMatchObject({
      problem: { code: "endpoint.answer" },
      retryable: false,
    });
  });

  test("that sends elsewhere is an answer, and nobody goes there", async () => {
    let asked = 0;
    const elsewhere = await serving((_, response) => void (asked++, response.end()));
    const url = await serving((_, response) => response.writeHead(307, { location: elsewhere.href }).end());
    expect((await httpSend(post(url, "{}", { access: { Authorization: "Bearer t" } }), signal)).status).toBe(307);
    expect(asked).toBe(0);
  });

  test("is asked for compressed, with the Host that is wanted, and below the endpoint's own path", async () => {
    const seen: IncomingMessage[] = [];
    const url = await serving((request, response) => void (seen.push(request), request.resume(), response.end()));
    await httpSend(post(url, "{}", { host: "model.example" }), signal);
    await httpSend(get(url, {}), signal);
    expect(seen.map(({ url: path, headers }) => [path, headers.host, headers["accept-encoding"]])).toEqual([
      ["/base/ask", "model.example", "gzip, deflate"],
      ["/base/ask", url.host, "gzip, deflate"],
    ]);
  });
});

describe("over TLS", () => {
  let [ca, stranger] = ["", ""];
  let issued: Record<"server" | "named" | "client", Issued>;
  beforeAll(async () => {
    const own = await authority("ca");
    ca = own.cert;
    stranger = (await authority("stranger")).cert;
    issued = {
      server: await own.issue("server", { type: "ip", value: "127.0.0.1" }),
      named: await own.issue("named", { type: "dns", value: "model.internal" }),
      client: await own.issue("client", { type: "dns", value: "client" }),
    };
  });

  /** A server with a certificate of the test's authority that says who asked. */
  const secure = (name: keyof typeof issued, options: ServerOptions = {}): Promise<URL> =>
    listening(
      createSecureServer({ ...issued[name], ...options }, (request, response) => {
        request.resume();
        response.end((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? "nobody");
      }),
      "https",
    );
  const asked = async (url: URL, options: RequestOptions = {}): Promise<string> =>
    httpSend(post(url, "{}", options), signal).then(
      ({ body }) => body.toString(),
      (error: Error) => error.message,
    );

  test("a server of a private authority is trusted by whoever names the authority", async () => {
    const url = await secure("server");
    expect(await asked(url, { tls: { ca } })).toBe("nobody");
    const untrusted = /the certificate of https:.* is not to be trusted: /;
    expect(await asked(url)).toMatch(untrusted);
    expect(await asked(url, { tls: { ca: stranger } })).toMatch(untrusted);
    await expect(httpSend(get(url, {}), signal)).rejects.toMatchObject({
      problem: { code: "endpoint.unreachable", hint: expect.stringContaining("access.tls.ca") },
      retryable: false,
    });
  });

  test("a certificate of another name is trusted where that name is given", async () => {
    const url = await secure("named");
    const tls: Tls = { ca, serverName: "model.internal" };
    expect(await asked(url, { tls: { ca } })).toMatch(/not to be trusted: .*altnames/);
    expect(await asked(url, { tls })).toBe("nobody");
    expect(await asked(url, { tls: { ...tls, serverName: "other.internal" } })).toMatch(/not to be trusted/);
  });

  test("a server that asks for a certificate answers who shows one, and refuses the connection of others", async () => {
    const url = await secure("server", { requestCert: true, rejectUnauthorized: true, ca });
    const tls: Tls = { ca, client: issued.client };
    expect(await asked(url, { tls })).toBe("client");
    // Nobody is let in on the connections of somebody.
    const stranger = fault("no credentials", [401], post(url, "{}", { tls: { ca } }));
    expect(await stranger.send(signal)).toMatchObject({
      status: 0,
      body: expect.stringContaining("certificate required"),
    });
  });
});
