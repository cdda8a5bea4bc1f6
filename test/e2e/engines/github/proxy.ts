import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { close, listen } from "./exchange.ts";

/** A proxy that ends TLS for the names it knows, with a certificate of a throw-away authority, and refuses all others. */
export interface Proxy extends AsyncDisposable {
  url: string;
  /** The authority's certificate, a PEM file. */
  authority: string;
  /** host:port of everything that was asked for and refused. */
  refused: string[];
}

/** Makes an authority and one certificate for all names. */
function certificates(folder: string, names: readonly string[]): { authority: string; key: Buffer; cert: Buffer } {
  const at = (file: string): string => join(folder, file);
  const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  const authority = ["-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=modelgate throw-away test authority"];
  openssl("req", "-x509", ...newKey, ...authority, "-days", "2", ...usage);
  openssl("req", ...newKey, "-keyout", at("tls.key"), "-out", at("tls.csr"), "-subj", "/CN=loopback");
  writeFileSync(at("names"), `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}\n`);
  const signing = [
    "-CA",
    at("ca.pem"),
    "-CAkey",
    at("ca.key"),
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    at("names"),
  ];
  openssl("x509", "-req", "-in", at("tls.csr"), ...signing, "-out", at("tls.pem"));
  return { authority: at("ca.pem"), key: readFileSync(at("tls.key")), cert: readFileSync(at("tls.pem")) };
}

/** @param folder where keys and certificates go. @param answer gets every request for one of the names. */
export async function startProxy(folder: string, names: readonly string[], answer: RequestListener): Promise<Proxy> {
  const { authority, key, cert } = certificates(folder, names);
  const behind = createTlsServer({ key, cert }, answer);
  const behindPort = await listen(behind);
  const refused: string[] = [];
  const sockets = new Set<Socket>();
  const front = createServer((request, response) => {
    refused.push(request.url ?? "");
    response.writeHead(403).end("This proxy tunnels only");
  });
  front.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
    const name = (request.url ?? "").split(":")[0]!;
    client.on("error", () => client.destroy());
    if (!names.includes(name)) {
      refused.push(request.url ?? "");
      client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const server = connect(behindPort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) server.write(head);
      server.pipe(client);
      client.pipe(server);
    });
    sockets.add(client);
    client.once("close", () => sockets.delete(client));
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
  });
  return {
    url: `http://127.0.0.1:${await listen(front)}`,
    authority,
    refused,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([close(front), close(behind)]);
    },
  };
}
