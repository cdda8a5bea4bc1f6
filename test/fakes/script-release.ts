import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { layoutBuilder } from "../../src/adapters/builders/layout.ts";
import type { OpenStore } from "../../src/adapters/oci/store.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { modelDigest } from "../../src/domain/model.ts";
import type { Release } from "../../src/domain/release.ts";

/** A server in a few lines: ready at once, says its name and environment, answers `/slow` when it is told to stop. */
const server = `
import { createServer } from "node:http";
const name = process.env.NAME;
const waiting = [];
const server = createServer((request, response) => {
  if (request.url === "/slow") waiting.push(response), console.log("slow");
  else response.end(JSON.stringify({ name, env: Object.keys(process.env), cwd: process.cwd() }));
});
process.on("SIGTERM", () => {
  for (const response of waiting) response.setHeader("connection", "close"), response.end("finished by " + name);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log(JSON.stringify({ listening: server.address().port })));
`;

/** What a release does other than serve. */
export const scripts = {
  serves: server,
  exits: 'console.log("line one"); console.error("the disk is full"); process.exit(7);',
  hangs: 'console.log("hanging"); setInterval(() => {}, 1000);',
  "needs a free port":
    'if (process.env.PORT !== "0") { console.error("port taken by somebody else"); process.exit(1); }' + server,
} as const;

/** A release of the model `tiny` whose runtime is one script: for what platforms do with processes. */
export async function scriptRelease(
  openStore: OpenStore,
  name: string,
  script: keyof typeof scripts = "serves",
): Promise<Release> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-script-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "app"));
  await writeFile(join(folder, "app/server.mjs"), scripts[script]);
  const content = Buffer.from(`model ${name}`);
  const files = [{ path: "tiny.onnx", bytes: content.length, digest: sha256(content) }];
  const builder = layoutBuilder({ model: "tiny", openStore, architecture: "amd64" });
  const plan = {
    model: {
      name: "tiny",
      format: "onnx",
      digest: modelDigest(files),
      bytes: content.length,
      files,
      inputs: [],
      outputs: [],
      facts: {},
    },
    files: [
      {
        path: "tiny.onnx",
        bytes: content.length,
        read: async (offset: number, length: number) => content.subarray(offset, offset + length),
        async *stream() {
          yield content;
        },
      },
    ],
    runtime: {
      folders: [{ from: join(folder, "app"), to: "app" }],
      modelFolder: "models/tiny",
      entrypoint: ["node", "app/server.mjs"],
      env: { NAME: name },
      port: 8080,
      protocol: "v2",
    },
    base: null,
  };
  return (await builder.build(plan, new AbortController().signal)).release;
}
