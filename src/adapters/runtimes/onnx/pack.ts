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
  /** Package → integrity of its tarball, as npm writes it. */
  packages: Record<string, string>;
}

/** OCI's name of an architecture → Node's. */
const nodeArchitectures: Record<string, string> = { amd64: "x64", arm64: "arm64" };

const binaries = "onnxruntime-node/bin/napi-v6";

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
async function fetchPackage(
  tool: { name: string; version: string; expected: string },
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const { name, version, expected } = tool;
  const words = ["pack", `${name}@${version}`, "--json", "--silent", "--pack-destination", folder];
  const { exitCode, stdout, stderr } = await runCommand("npm", words, { signal });
  if (exitCode !== 0)
    throw failed(
      `npm could not fetch ${name}@${version}: ${stderr.trim().split("\n").at(-1) || `exit code ${exitCode}`}`,
      "Check npm's registry settings, or set MODELGATE_RUNTIME_PACK to a folder with a ready pack (docs/reference/runtime-pack.md).",
    );
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const archive = join(folder, filename);
  const found = await integrity(archive);
  if (found !== expected)
    throw failed(
      `${name}@${version} has the integrity ${found}, and ${expected} is expected`,
      "The registry serves another package under this version. Do not use it.",
    );
  return archive;
}

const unread = /\.(ts|map|md)$|\/(lib|script|esm)\/|__commit\.txt$/;

/** Keeps of the packages what runs on one platform: the code, and one native library. */
async function prune(folder: string, architecture: string): Promise<void> {
  const own = `${binaries}/linux/${architecture}/`;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (unread.test(path) || (path.startsWith(binaries) && !path.startsWith(own))) await rm(join(folder, path));
  }
}

async function fetchPack(options: PackOptions, pack: PackFile, folder: string, signal: AbortSignal): Promise<void> {
  const work = `${folder}-work`;
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  try {
    for (const [name, expected] of Object.entries(pack.packages)) {
      const place = join(work, name);
      await mkdir(place, { recursive: true });
      const archive = await fetchPackage({ name, version: pack.version, expected }, place, signal);
      await rename(join(await unpackTar(archive, place), "package"), join(modules, name));
    }
    await prune(modules, nodeArchitectures[options.architecture] ?? options.architecture);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Refuses a folder that is not the pack of this version for this platform: the image would be another one elsewhere. */
async function checkPack(folder: string, options: PackOptions, pack: PackFile): Promise<void> {
  const architecture = nodeArchitectures[options.architecture] ?? options.architecture;
  const refuse = (why: string, cause?: unknown): WorldError =>
    failed(
      `${folder} is not a runtime pack: ${why}`,
      "Copy a pack of this version from the tool cache of a machine with network (docs/reference/runtime-pack.md).",
      cause,
    );
  for (const name of Object.keys(pack.packages)) {
    const manifest = await readFile(join(folder, "node_modules", name, "package.json"), "utf8").catch(
      (cause: unknown) => {
        throw refuse(`it has no ${name}`, cause);
      },
    );
    const { version } = JSON.parse(manifest) as { version?: string };
    if (version !== pack.version) throw refuse(`its ${name} is ${version}, and this modelgate needs ${pack.version}`);
  }
  await stat(join(folder, "node_modules", binaries, "linux", architecture, "onnxruntime_binding.node")).catch(
    (cause: unknown) => {
      throw refuse(`it has no library for linux/${options.architecture}`, cause);
    },
  );
}

/**
 * The packages of onnxruntime-node for one platform, with its Linux library: taken from the folder that is given, from the
 * tool cache, or once through npm, checked by hash. The same bytes on every machine.
 * @returns the folder node_modules, which nobody may write to. @throws WorldError `runtime.pack`.
 */
export async function onnxPack(options: PackOptions, signal: AbortSignal): Promise<string> {
  const pack = JSON.parse(await readFile(join(options.serverFolder, "pack.json"), "utf8")) as PackFile;
  if (options.packFolder !== null) {
    await checkPack(options.packFolder, options, pack);
    return join(options.packFolder, "node_modules");
  }
  const temporary = join(options.temporaryFolder, `modelgate-pack-${randomUUID()}`);
  const tool = { name: "modelgate-onnxruntime", version: pack.version, architecture: options.architecture };
  try {
    const folder = await cached(tool, (empty) => fetchPack(options, pack, empty, signal), temporary);
    return join(folder, "node_modules");
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The server's own files and nothing else that a checkout may have beside them.
 * @returns a folder, which nobody may write to.
 */
export async function onnxServer({ serverFolder, temporaryFolder }: PackOptions): Promise<string> {
  const files = (await readdir(serverFolder)).filter((name) => name.endsWith(".mjs") || name === "package.json");
  const hash = createHash("sha256");
  for (const file of files.toSorted()) hash.update(`${file}\n`).update(await readFile(join(serverFolder, file)));
  const { version } = JSON.parse(await readFile(join(serverFolder, "package.json"), "utf8")) as { version: string };
  const tool = {
    name: "modelgate-onnx-server",
    version: `${version}-h${hash.digest("hex").slice(0, 12)}`,
    architecture: "any",
  };
  const temporary = join(temporaryFolder, `modelgate-server-${randomUUID()}`);
  const copy = async (folder: string): Promise<void> => {
    for (const file of files) await cp(join(serverFolder, file), join(folder, file));
  };
  try {
    return await cached(tool, copy, temporary);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
