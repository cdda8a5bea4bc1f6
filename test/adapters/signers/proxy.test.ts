import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { FakeSigstore } from "../../fakes/sigstore.ts";

test("Sigstore is reached through the proxy of the machine, and a proxy that refuses is told", async () => {
  const sigstore = await FakeSigstore.start();
  onTestFinished(() => sigstore[Symbol.asyncDispose]());
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, [join(import.meta.dirname, "sign-once.mjs")], {
    env: { ...sigstore.env, HTTPS_PROXY: address, NO_PROXY: "127.0.0.1", PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await text(child.stdout);
  expect(asked).toEqual(["fulcio.githubapp.com:443"]);
  expect(sigstore.seen).toEqual(["/token"]);
  expect(said).toContain("Fulcio https://fulcio.githubapp.com failed");
});
