import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { WorldError } from "../../../domain/problem.ts";
import { runCommand } from "../../system/processes.ts";
import { cached, unpackTar } from "../../system/tool-cache.ts";

export interface PackOptions {
  /** The folder of runtime/onnx-server: the server's own files and pack.json. */
  serverFolder: string;
  /** A ready pack for rooms without network, or null. */
  packFolder: string | null;
  /** amd64 or arm64, as OCI names architectures. */
  architecture: string;
  temporaryFolder: string;
}

interface PackFile {
  version: string;
  packages: Record<string, string>;
}

/** OCI's name of an architecture → Node's. */
const nodeArchitectures: Record<string, string> = { amd64: "x64", arm64: "arm64" };

const failed = (message: string, hint: string, cause?: unknown): WorldError =>
  new WorldError(
    { code: "runtime.pack", message, hint },
    { side: "npm registry", during: "fetching the onnx runtime", retryable: true, cause },
  );

async function integrity(path: string): Promise<string> {
  const hash = createHash("sha512");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha512-${hash.digest("base64")}`;
}

/** Fetches a package with the user's own npm settings, and checks it against the hash committed in pack.json. */
async function fetchPackage(name: string, version: string, expected: string, folder: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(
    "npm",
    ["pack", `${name}@${version}`, "--json", "--silent", "--pack-destination", folder],
    { cwd: folder },
  );
  if (exitCode !== 0)
    throw failed(
      `npm could not fetch ${name}@${version}: ${stderr.trim().split("\n").at(-1) ?? `exit code ${exitCode}`}`,
      "Check npm's registry settings, or set MODELGATE_RUNTIME_PACK to a folder with a ready pack (docs/reference/runtime-pack.md).",
    );
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const archive = join(folder, filename.replaceAll("/", "-").replace(/^@/, ""));
  const found = await integrity(archive);
  if (found !== expected)
    throw failed(
      `${name}@${version} has the integrity ${found}, and ${expected} is expected`,
      "The registry serves another package under this version. Do not use it.",
    );
  return archive;
}

/** Keeps of onnxruntime-node what runs on one platform: the code, and one native library. */
async function prune(folder: string, architecture: string): Promise<void> {
  for (const part of ["lib", "script", "README.md", "__commit.txt"])
    await rm(join(folder, part), { recursive: true, force: true });
  const binaries = join(folder, "bin/napi-v6");
  for (const system of await readdir(binaries))
    if (system !== "linux") await rm(join(binaries, system), { recursive: true });
  for (const kind of await readdir(join(binaries, "linux")))
    if (kind !== architecture) await rm(join(binaries, "linux", kind), { recursive: true });
}

/** What the server never reads: types, maps, sources, the web build. */
async function pruneFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && /\.(d\.ts|ts|map|md)$/.test(entry.name)) await rm(join(entry.parentPath, entry.name));
  await rm(join(folder, "onnxruntime-common/dist/esm"), { recursive: true, force: true });
  await rm(join(folder, "onnxruntime-common/lib"), { recursive: true, force: true });
}

async function fetchPack(options: PackOptions, pack: PackFile, folder: string): Promise<void> {
  const architecture = nodeArchitectures[options.architecture] ?? options.architecture;
  const work = `${folder}-work`;
  const modules = join(folder, "node_modules");
  await mkdir(modules, { recursive: true });
  try {
    for (const [name, expected] of Object.entries(pack.packages)) {
      await mkdir(join(work, name), { recursive: true });
      const archive = await fetchPackage(name, pack.version, expected, join(work, name));
      await rename(join(await unpackTar(archive, join(work, name)), "package"), join(modules, name));
    }
    await prune(join(modules, "onnxruntime-node"), architecture);
    await pruneFiles(modules);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The files of the onnx runtime for one platform: our server and onnxruntime-node with its Linux library. Taken from the folder
 * that is given, from the tool cache, or once through npm, checked by hash. The same bytes on every machine.
 * @returns the folder, which nobody may write to. @throws WorldError `runtime.pack`.
 */
export async function onnxPack(options: PackOptions, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  if (options.packFolder !== null) {
    await stat(join(options.packFolder, "server.mjs")).catch((cause: unknown) => {
      throw failed(
        `${options.packFolder} is not a runtime pack: it has no server.mjs`,
        "Copy a pack from the tool cache of a machine with network.",
        cause,
      );
    });
    return options.packFolder;
  }
  const pack = JSON.parse(await readFile(join(options.serverFolder, "pack.json"), "utf8")) as PackFile;
  const temporary = join(options.temporaryFolder, `modelgate-pack-${randomUUID()}`);
  const version = `${pack.version}-${await serverVersion(options.serverFolder)}`;
  try {
    return await cached(
      { name: "modelgate-onnx-server", version, architecture: options.architecture },
      async (folder) => {
        await fetchPack(options, pack, folder);
        for (const file of await serverFiles(options.serverFolder))
          await cp(join(options.serverFolder, file), join(folder, file));
      },
      temporary,
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const serverFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(".mjs") || name === "package.json").toSorted();

/** A short hash of the server's own files: another server is another pack. */
async function serverVersion(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of await serverFiles(folder)) hash.update(`${file}\n`).update(await readFile(join(folder, file)));
  return hash.digest("hex").slice(0, 12);
}
