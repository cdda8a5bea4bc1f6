import { createServer, globalAgent, request, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Server as TcpServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { get } from "../../../src/adapters/protocols/shared/request.ts";
import { httpSend } from "../../../src/adapters/system/http.ts";
import { honourProxy } from "../../../src/adapters/system/proxy.ts";
import { UserError } from "../../../src/domain/problem.ts";
import { authority } from "../../fakes/certificates.ts";

const { signal } = new AbortController();

async function portOf(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A proxy for which every host is this machine, and what it was asked for. */
async function startProxy() {
  const seen: string[] = [];
  let connections = 0;
  const proxy = createServer((incoming, response) => {
    const { port, pathname, host } = new URL(incoming.url!);
    seen.push(`${incoming.method} ${host.split(":")[0]}`);
    incoming.pipe(
      request({ port, path: pathname, host: "127.0.0.1" }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  proxy.on("connection", () => connections++);
  proxy.on("connect", ({ url }, socket) => {
    const [host, port] = url!.split(":");
    seen.push(`CONNECT ${host}`);
    const onward = connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on("error", () => undefined);
  });
  onTestFinished(() => proxy.closeAllConnections());
  return { address: `http://127.0.0.1:${await portOf(proxy)}`, seen, connections: () => connections };
}

test("endpoints are reached through the proxy that the environment names, but for loopback", async () => {
  const proxy = await startProxy();
  honourProxy({ HTTP_PROXY: proxy.address, HTTPS_PROXY: proxy.address });
  onTestFinished(() => honourProxy({}));
  const port = await portOf(createServer((_, response) => response.end("plain")));
  const asked = async (url: string, options = {}) =>
    (await httpSend(get(new URL(url), options), signal)).body.toString();
  for (let time = 0; time < 3; time++) expect(await asked(`http://model.example:${port}/ask`)).toBe("plain");
  expect(proxy.seen).toEqual(["GET model.example", "GET model.example", "GET model.example"]);
  expect(proxy.connections()).toBe(1);

  const ca = await authority("test authority");
  const secure = await portOf(
    createSecureServer(await ca.issue("model", { type: "dns", value: "model.example" }), (_, response) =>
      response.end("secret"),
    ),
  );
  expect(await asked(`https://model.example:${secure}/ask`, { tls: { ca: ca.cert } })).toBe("secret");
  expect(proxy.seen.at(-1)).toBe("CONNECT model.example");

  expect(await asked(`http://127.0.0.1:${port}/ask`)).toBe("plain");
  expect(proxy.seen).toHaveLength(4);
  globalAgent.destroy();
});

test("what is no address of a proxy is said without showing it", () => {
  expect(() => honourProxy({ HTTP_PROXY: "ftp://user:password@proxy" })).toThrow(UserError);
  expect(() => honourProxy({ HTTP_PROXY: "ftp://user:password@proxy" })).toThrow(
    /^(?!.*password).*is not the address of a proxy/s,
  );
});
