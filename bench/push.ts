import { execFileSync, spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { existsSync, linkSync, writeFileSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builders } from "../src/adapters/builders/index.ts";
import { createOpenStore } from "../src/adapters/oci/open.ts";
import { sources } from "../src/adapters/sources/index.ts";
import { type Digest, hasher } from "../src/domain/digest.ts";
import { type Model, modelDigest } from "../src/domain/model.ts";
import { type RegistryEngine, startRegistry } from "../test/e2e/engines/registry.ts";
import { type Cost, measured } from "./push/measure.ts";

/*
 * node bench/push.ts [MiB] [runs]: a random file of that size as an image in Debian's docker-registry on loopback, by modelgate
 * and by what else there is, in one run. Each push goes to a repository of its own; the page cache is warm for all.
 */

const mebi = 2 ** 20;
const self = fileURLToPath(import.meta.url);

async function randomFile(path: string, mebibytes: number): Promise<Digest> {
  const hash = hasher();
  const chunk = Buffer.alloc(mebi);
  const file = await open(path, "wx");
  for (let written = 0; written < mebibytes; written++) {
    randomFillSync(chunk);
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  await file.close();
  return hash.digest();
}

/** The child that is measured: one build of an image with the file, its digest known as `validate` leaves it. */
async function push(repository: string, path: string, digest: Digest): Promise<void> {
  const { signal } = new AbortController();
  const { files } = await sources.path.open(path);
  const listed = files.map((file) => ({ path: file.path, bytes: file.bytes, digest }));
  const bytes = listed.reduce((sum, file) => sum + file.bytes, 0);
  const model: Model = {
    name: "bench",
    format: "onnx",
    digest: modelDigest(listed),
    bytes,
    files: listed,
    inputs: [],
    outputs: [],
    facts: {},
  };
  const runHelper = (): Promise<never> => Promise.reject(new Error("no helper is configured"));
  const openStore = createOpenStore({ layoutFolder: "/nowhere", dockerConfig: null, runHelper });
  const runtime = { folders: [], modelFolder: "models", entrypoint: ["server"], env: {}, port: 8080, protocol: "v2" };
  await builders
    .registry({ repository, openStore, architecture: "amd64" })
    .build({ model, files, runtime, base: null }, signal);
}

/** `curl -T` of the bare file, its digest known: what the registry and the network take of themselves. */
async function curl(host: string, repository: string, file: { path: string; digest: Digest }): Promise<string[]> {
  const answer = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const url = new URL(answer.headers.get("location")!, `http://${host}`);
  url.searchParams.set("digest", file.digest);
  return [
    "curl",
    "--silent",
    "--show-error",
    "--fail",
    "-o",
    "/dev/null",
    "-H",
    "Content-Type: application/octet-stream",
    "-T",
    file.path,
    url.href,
  ];
}

const docker = (): boolean => spawnSync("docker", ["info"], { stdio: "ignore" }).status === 0;

function dockerCommand(folder: string, path: string, image: string): string[] {
  const context = join(folder, "context");
  const script =
    'cd "$1" && docker build --quiet --no-cache -t "$2" . && docker push --quiet "$2" && docker rmi --force "$2"';
  if (!existsSync(context)) {
    execFileSync("mkdir", [context]);
    linkSync(path, join(context, basename(path)));
    writeFileSync(
      join(context, "Dockerfile"),
      `FROM scratch\nCOPY ${basename(path)} /models/\nENTRYPOINT ["server"]\n`,
    );
  }
  return ["sh", "-c", script, "sh", context, image];
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const spread = (values: readonly number[], digits: number): string =>
  [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits)).join(" / ");

function table(rows: ReadonlyMap<string, Cost[]>): string {
  const ours = rows.get("modelgate, first push")!;
  const head = ["", "wall s (min / median / max)", "x ours", "CPU s", "peak RSS MiB", "temp disk MiB"];
  const lines = [...rows].map(([name, costs]) => [
    name,
    spread(
      costs.map(({ wall }) => wall),
      2,
    ),
    spread(
      costs.map(({ wall }, index) => wall / ours[index]!.wall),
      2,
    ),
    spread(
      costs.map(({ cpu }) => cpu),
      2,
    ),
    spread(
      costs.map(({ rss }) => rss),
      0,
    ),
    spread(
      costs.map(({ disk }) => disk),
      0,
    ),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length)));
  return [head, ...lines].map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")).join("\n");
}

async function compare(engine: RegistryEngine, file: { path: string; digest: Digest }, folder: string, runs: number) {
  const rows = new Map<string, Cost[]>();
  const row = async (name: string, command: readonly string[], daemons: readonly string[] = []): Promise<void> => {
    const cost = await measured(command, { daemons, folder });
    rows.set(name, [...(rows.get(name) ?? []), cost]);
    console.log(`${name}: ${cost.wall.toFixed(2)} s`);
  };
  const withDocker = docker();
  for (let count = 0; count < runs; count++) {
    const ours = [process.execPath, self, "push", `${engine.host}/ours/n${count}`, file.path, file.digest];
    await row("curl -T, bare file (floor)", await curl(engine.host, `curl/n${count}`, file));
    await row("modelgate, first push", ours);
    await row("modelgate, unchanged again", ours);
    if (withDocker)
      await row("docker build + push", dockerCommand(folder, file.path, `${engine.host}/docker:n${count}`), [
        "dockerd",
        "containerd",
      ]);
  }
  if (!withDocker) console.log("no Docker engine is reachable: not compared with docker build + push");
  return rows;
}

async function main(mebibytes: number, runs: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-bench-"));
  const memory = existsSync("/dev/shm") ? { folder: "/dev/shm" } : {};
  try {
    await using engine = await startRegistry(memory);
    const path = join(folder, "model.bin");
    const file = { path, digest: await randomFile(path, mebibytes) };
    console.log(
      `${mebibytes} MiB random, ${runs} runs; ${engine.version}, storage ${memory.folder ? "in memory" : "on disk"}\n`,
    );
    console.log(`\n${table(await compare(engine, file, folder, runs))}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [first, ...words] = process.argv.slice(2);
if (first === "push") await push(words[0]!, words[1]!, words[2]! as Digest);
else await main(Number(first ?? 1024), Number(words[0] ?? 5));
