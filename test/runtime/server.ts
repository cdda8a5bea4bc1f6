import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { onnxPack } from "../../src/adapters/runtimes/onnx/pack.ts";
import { prepareToolCache } from "../../src/adapters/system/tool-cache.ts";

/** The folder of the server's own files. */
export const serverFolder = join(import.meta.dirname, "../../runtime/onnx-server");

/** This machine's architecture as OCI names it. */
export const architecture = process.arch === "x64" ? "amd64" : process.arch;

/** The packages of onnxruntime-node, fetched through npm when this machine never did. */
export async function runtimePack(): Promise<string> {
  prepareToolCache();
  const options = { serverFolder, packFolder: null, architecture, temporaryFolder: tmpdir() };
  return onnxPack(options, AbortSignal.timeout(280_000));
}

/** How long fetching the packages may take, for a hook. */
export const fetching = 300_000;

export interface ServedModel {
  url: string;
  child: ChildProcess;
  /** Lines of both streams. */
  log: string[];
  /** Root of the image, as it would be in a container. */
  root: string;
  ask(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; text: string }>;
  infer(body: unknown): Promise<{ status: number; text: string }>;
}

interface Serving {
  /** Path inside the model folder → content. */
  files: Readonly<Record<string, string | Uint8Array>>;
  main?: string;
  preprocess?: string;
  env?: Readonly<Record<string, string>>;
}

async function imageRoot({ files, preprocess }: Serving): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "modelgate-server-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const server = join(root, "opt/modelgate/onnx-server");
  await mkdir(server, { recursive: true });
  for (const name of await readdir(serverFolder))
    if (name.endsWith(".mjs")) await cp(join(serverFolder, name), join(server, name));
  await symlink(await runtimePack(), join(server, "node_modules"));
  const all = Object.entries(files).map(([path, content]) => [join("models/tiny", path), content] as const);
  if (preprocess !== undefined) all.push(["opt/modelgate/custom/preprocess.mjs", preprocess]);
  for (const [path, content] of all) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** Starts the server on a model called `tiny`. It is ended with the test. */
export async function startServer(
  serving: Serving,
): Promise<{ child: ChildProcess; log: string[]; root: string; started: Promise<number> }> {
  const root = await imageRoot(serving);
  const model = JSON.stringify({ name: "tiny", main: serving.main ?? "model.onnx", folder: "models/tiny" });
  const child = spawn(process.execPath, ["opt/modelgate/onnx-server/server.mjs"], {
    cwd: root,
    env: { HOST: "127.0.0.1", PORT: "0", MODELGATE_MODEL: model, ...serving.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const log: string[] = [];
  const started = new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on("line", (line) => {
        log.push(line);
        const port = /"listening":(\d+)/.exec(line)?.[1];
        if (port) resolve(Number(port));
      });
    child.once("close", (code) => reject(new Error(`the server ended with ${code}: ${log.join("\n")}`)));
  });
  return { child, log, root, started };
}

/** A server that answers. */
export async function serve(serving: Serving): Promise<ServedModel> {
  const { child, log, root, started } = await startServer(serving);
  const url = `http://127.0.0.1:${await started}`;
  const ask: ServedModel["ask"] = async (path, init) => {
    const answer = await fetch(`${url}${path}`, init);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return {
    url,
    child,
    log,
    root,
    ask,
    infer: (body) =>
      ask("/v2/models/tiny/infer", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
  };
}
