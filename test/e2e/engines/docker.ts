import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";

/** A Docker engine of the test's own: its data, socket and network bridge are private, and go with it. */
export interface DockerEngine extends AsyncDisposable {
  /** The environment with which the docker command talks to it. */
  env: Record<string, string>;
  version: string;
  docker(...words: string[]): string;
}

const root = process.getuid?.() === 0;
const asRoot = (command: string, ...words: string[]): [string, string[]] =>
  root ? [command, words] : ["sudo", ["-n", command, ...words]];
const runAsRoot = (...words: [string, ...string[]]): string =>
  execFileSync(...asRoot(...words), { encoding: "utf8", stdio: "pipe" });

/** The path of a program. @throws Error when it is missing: an engine test never skips. */
function program(name: string, debianPackage: string): string {
  for (const folder of [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"])
    if (existsSync(join(folder, name))) return join(folder, name);
  throw new Error(`${name} is missing: apt-get install -y --no-install-recommends ${debianPackage}`);
}

/** Waits for a line of a process's output. @throws Error with what it said when it ends before. */
async function line(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface(child.stderr!).on("line", (text) => {
      said.push(text);
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`${child.spawnfile} ended with ${code}:\n${said.slice(-10).join("\n")}`)),
    );
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (root) child.kill("SIGTERM");
  else runAsRoot("kill", "-TERM", `-${child.pid}`);
  await ended;
}

/**
 * Starts dockerd by hand. Published ports go through docker-proxy over a bridge of its own, without one firewall rule: what
 * else uses Docker on this machine is left alone, and containers reach nothing outside.
 * @param environment added to the engine's own: a proxy, an authority to trust.
 */
export async function startDocker(environment: Readonly<Record<string, string>> = {}): Promise<DockerEngine> {
  const dockerd = program("dockerd", "docker.io");
  program("docker-proxy", "docker.io");
  const folder = await mkdtemp(join(tmpdir(), "modelgate-docker-"));
  const bridge = `mg${process.pid}`.slice(0, 15);
  const network = `10.${200 + (process.pid % 50)}.${process.pid % 256}.1/24`;
  runAsRoot("ip", "link", "add", "name", bridge, "type", "bridge");
  runAsRoot("ip", "address", "add", network, "dev", bridge);
  runAsRoot("ip", "link", "set", bridge, "up");
  const socket = join(folder, "docker.sock");
  const words = [
    ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "pid")],
    ...["--host", `unix://${socket}`, "--group", String(process.getgid?.() ?? 0), "--bridge", bridge],
    ...["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
  ];
  const path = `${process.env["PATH"]}:/usr/sbin:/sbin`;
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const child = spawn(...asRoot("env", ...settings, dockerd, ...words), {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: path, HOME: folder },
  });
  const env = { PATH: path, HOME: folder, DOCKER_HOST: `unix://${socket}` };
  const docker = (...args: string[]): string =>
    execFileSync("docker", args, { env, encoding: "utf8", stdio: "pipe", maxBuffer: 2 ** 26 }).trim();
  const dispose = async (): Promise<void> => {
    await stop(child);
    runAsRoot("ip", "link", "delete", bridge);
    runAsRoot("rm", "-rf", folder);
  };
  try {
    await line(child, /API listen on/);
    return {
      env,
      docker,
      version: docker("version", "--format", "{{.Server.Version}}"),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The shared libraries a program loads, by the paths it looks for them. */
const librariesOf = (file: string): string[] =>
  execFileSync("ldd", [file], { encoding: "utf8" })
    .split("\n")
    .map((text) => /(?:=>\s*)?(\/\S+) \(0x/.exec(text)?.[1])
    .filter((path) => path !== undefined);

/**
 * Pushes a base image with this machine's Node, the libraries that it and other programs load, and nothing else: no image
 * comes from outside. @returns its reference.
 */
export async function pushNodeBase(engine: DockerEngine, host: string, programs: readonly string[]): Promise<string> {
  const reference = `${host}/base/node:test`;
  const libraries = [process.execPath, ...programs].flatMap(librariesOf).filter((path) => !programs.includes(path));
  const archive = pack();
  const importing = spawn("docker", ["import", "--change", "ENV PATH=/usr/local/bin", "-", reference], {
    env: engine.env,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(importing, "exit");
  const feeding = pipeline(archive, importing.stdin!);
  archive.entry({ name: "tmp", type: "directory", mode: 0o1777 });
  archive.entry({ name: "etc/passwd" }, "root:x:0:0:root:/:/\n");
  archive.entry({ name: "usr/local/bin/node", mode: 0o755 }, await readFile(process.execPath));
  for (const path of new Set(libraries))
    archive.entry({ name: path.slice(1), mode: 0o755 }, await readFile(await realpath(path)));
  archive.finalize();
  await feeding;
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`docker import ended with ${code}`);
  engine.docker("push", reference);
  return reference;
}
