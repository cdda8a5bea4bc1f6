import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { isReady } from "../../../../src/adapters/platforms/shared/readiness.ts";

const { signal } = new AbortController();

async function serving(statuses: Record<string, number>): Promise<string> {
  const server = createServer(({ url = "" }, response) => void response.writeHead(statuses[url] ?? 404).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each<[string, string | undefined, Record<string, number>, boolean]>([
  ["v2", undefined, { "/v2/models/m/ready": 200 }, true],
  ["v1", undefined, { "/v1/models/m": 200 }, true],
  ["openai", undefined, { "/v1/models": 200 }, true],
  ["openai", undefined, { "/health": 503, "/v1/models": 200 }, false],
  ["bentoml", undefined, { "/readyz": 200 }, true],
  ["bentoml", undefined, { "/": 200 }, false],
  ["auto", undefined, { "/ping": 200 }, true],
  ["auto", undefined, { "/v2/models/m/ready": 503, "/ping": 200 }, false],
  ["auto", undefined, {}, false],
  ["v2", "/up", { "/up": 200 }, true],
  ["v2", "/up", { "/v2/models/m/ready": 200 }, false],
])("%s with the path %s and answers %j is ready: %s", async (protocol, readyPath, statuses, ready) => {
  const url = await serving(statuses);
  const release = { protocol, model: { name: "m" }, ...(readyPath !== undefined && { readyPath }) };
  expect(await isReady(release, url, signal)).toBe(ready);
});
