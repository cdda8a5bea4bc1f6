import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** A real registry of the test's own, on loopback. */
export interface RegistryEngine extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  host: string;
  version: string;
  /** Folder of its storage: blobs are below docker/registry/v2/blobs/sha256. */
  storage: string;
}

const command = "docker-registry";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

const config = (port: number, storage: string, htpasswd: string | null): string => `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${storage} }, delete: { enabled: true } }
http: { addr: "127.0.0.1:${port}" }
${htpasswd === null ? "" : `auth: { htpasswd: { realm: test, path: ${htpasswd} } }`}
`;

/** Whether the registry answers at all: with or without a login, that is ready. */
async function answers(host: string): Promise<boolean> {
  const answer = await fetch(`http://${host}/v2/`).catch(() => null);
  return answer !== null && (answer.status === 200 || answer.status === 401);
}

/**
 * Starts Debian's docker-registry with a folder of its own and waits until it answers.
 * @param login an htpasswd line (bcrypt); without one everyone may write.
 * @param folder where its storage goes; default: the system's temporary folder.
 * @throws Error when it is missing: an engine test never skips.
 */
export async function startRegistry(options: { login?: string; folder?: string } = {}): Promise<RegistryEngine> {
  const { error, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  if (error) throw new Error(`${command} is missing: apt-get install -y --no-install-recommends docker-registry`);
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), "modelgate-registry-"));
  const [host, htpasswd] = [`127.0.0.1:${await freePort()}`, join(folder, "htpasswd")];
  if (options.login !== undefined) await writeFile(htpasswd, `${options.login}\n`);
  const storage = join(folder, "storage");
  const file = join(folder, "config.yml");
  await writeFile(file, config(Number(host.split(":")[1]), storage, options.login === undefined ? null : htpasswd));
  const child = spawn(command, ["serve", file], {
    env: { OTEL_TRACES_EXPORTER: "none" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  while (!(await answers(host))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      await stop();
      throw new Error(`${command} ended before it answered:\n${said.join("").slice(-2000)}`);
    }
    await wait(20);
  }
  return { host, version: stdout.trim(), storage, [Symbol.asyncDispose]: stop };
}
