import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** A free port of 127.0.0.1, for programs that cannot pick one themselves. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** Waits until a condition holds. @throws Error with the log's end when the program ended or a minute is over. */
async function until(holds: () => Promise<boolean> | boolean, child: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    if (child.exitCode !== null) break;
    await wait(100);
  }
  throw new Error(`${child.spawnfile} did not get ready:\n${readFileSync(log, "utf8").slice(-2000)}`);
}

interface Program {
  child: ChildProcess;
  log: string;
}

/** Starts a program with its output in a log. @throws Error that says how to install it: an engine test never skips. */
function start(command: string, words: readonly string[], folder: string): Program {
  const log = join(folder, "log");
  writeFileSync(log, "");
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "pipe" });
  } catch (cause) {
    throw new Error(`${command} is missing; .ci/run installs the engines with apt-get`, { cause });
  }
  const child = spawn("sh", ["-c", `exec ${command} "$@" >"$0" 2>&1`, log, ...words], { stdio: "ignore" });
  return { child, log };
}

async function stop({ child }: Program): Promise<void> {
  const ended = new Promise((resolve) => child.once("close", resolve));
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await ended;
}

/** Debian's docker-registry on 127.0.0.1, with its storage in a folder of its own. */
export async function startRegistry(): Promise<{ host: string } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, "config.yml");
  writeFileSync(
    config,
    `version: 0.1\nlog: { level: warn }\nstorage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }\nhttp: { addr: "${host}" }\n`,
  );
  const program = start("docker-registry", ["serve", config], folder);
  const answers = (): Promise<boolean> =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(answers, program.child, program.log);
  return {
    host,
    async [Symbol.asyncDispose]() {
      await stop(program);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A Docker engine of our own: private data folder and socket. The environment makes the docker command use it. */
export async function startDocker(): Promise<
  { env: Record<string, string>; docker(...words: string[]): string } & AsyncDisposable
> {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-docker-"));
  const socket = `unix://${join(folder, "docker.sock")}`;
  const program = start(
    "dockerd",
    [
      "--data-root",
      join(folder, "data"),
      "--exec-root",
      join(folder, "exec"),
      "--pidfile",
      join(folder, "pid"),
      "--host",
      socket,
    ],
    folder,
  );
  const env = { DOCKER_HOST: socket, DOCKER_CONFIG: folder };
  const docker = (...words: string[]): string =>
    execFileSync("docker", words, {
      encoding: "utf8",
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const answers = (): boolean => {
    try {
      docker("version");
      return true;
    } catch {
      return false;
    }
  };
  await until(answers, program.child, program.log);
  return {
    env,
    docker,
    async [Symbol.asyncDispose]() {
      await stop(program);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const librariesOf = (file: string): string[] =>
  [...execFileSync("ldd", [file], { encoding: "utf8" }).matchAll(/(?:=> )?(\/\S+)/g)].map(([, path]) => path!);

/**
 * Makes a base image with Node, a shell and the C++ library out of what this machine has, and pushes it: no image can be
 * pulled from outside. @returns its reference.
 */
export function pushBaseImage(docker: (...words: string[]) => string, host: string): string {
  const root = mkdtempSync(join(tmpdir(), "modelgate-base-"));
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(realpathSync(from), join(root, to), { dereference: true });
  };
  const node = realpathSync(process.execPath);
  put(node, "usr/local/bin/node");
  put("/bin/sh", "bin/sh");
  const multiarch = [
    "/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
  ];
  // onnxruntime needs these beyond what Node itself links.
  const further = ["libstdc++.so.6", "libgcc_s.so.1", "librt.so.1", "libpthread.so.0", "libdl.so.2", "libm.so.6"];
  const extra = further.flatMap((name) =>
    multiarch
      .map((folder) => join(folder, name))
      .filter((path) => existsSync(path))
      .slice(0, 1),
  );
  for (const library of new Set([...librariesOf(node), ...librariesOf("/bin/sh"), ...extra])) put(library, library);
  mkdirSync(join(root, "tmp"));
  const reference = `${host}/base/node:24`;
  const archive = `${root}.tar`;
  execFileSync("tar", ["-C", root, "-cf", archive, "."]);
  docker("import", "--change", "ENV PATH=/usr/local/bin:/bin", archive, reference);
  docker("push", "--quiet", reference);
  rmSync(root, { recursive: true });
  rmSync(archive);
  return reference;
}
