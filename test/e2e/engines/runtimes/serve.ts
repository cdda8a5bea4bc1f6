import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { systemClock } from "../../../../src/adapters/system/clock.ts";
import type { RuntimePlan } from "../../../../src/ports/runtime.ts";
import { freePort } from "../../../fakes/free-port.ts";

export interface Served extends AsyncDisposable {
  url: string;
  /** Where MLServer speaks gRPC. */
  grpcUrl: string;
  /** What the server printed. */
  log(): string;
}

/**
 * Starts what a plan says without a container: its folders below a root of their own, the port and the address of the loopback
 * interface in place of the container's.
 * @param bin folder in front of the search path. @param from the model's files.
 */
export async function serve(plan: RuntimePlan, bin: string, from: string): Promise<Served> {
  const root = await mkdtemp(join(tmpdir(), "modelgate-served-"));
  const port = await freePort();
  const here = (text: string): string =>
    text
      .replaceAll(/(^|[="])\/(models|opt)\//g, `$1${root}/$2/`)
      .replaceAll("0.0.0.0", "127.0.0.1")
      .replace(new RegExp(`^(--port=)?${plan.port}$`), `$1${port}`)
      .replace(`"http_port":${plan.port}`, `"http_port":${port}`);
  for (const folder of plan.folders) await cp(folder.from, join(root, folder.to), { recursive: true });
  await cp(from, join(root, plan.modelFolder), { recursive: true });
  for (const [path, text] of Object.entries(plan.files ?? {})) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), here(text));
  }
  const [command = "", ...words] = plan.entrypoint.map((word) => here(word));
  const grpcPort = await freePort();
  const spare = { MLSERVER_GRPC_PORT: String(grpcPort), MLSERVER_METRICS_PORT: String(await freePort()) };
  const child = spawn(command, words, {
    cwd: root,
    env: {
      ...plan.env,
      ...spare,
      HOST: "127.0.0.1",
      PORT: String(port),
      HOME: root,
      PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (log += text));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    url: `http://127.0.0.1:${port}`,
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    log: () => log,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.pid !== undefined) {
        process.kill(-child.pid, "SIGTERM");
        const stop = AbortSignal.timeout(10_000);
        await Promise.race([closed, systemClock.until(systemClock.monotonic() + 10_000, stop).catch(() => undefined)]);
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
      }
      await closed;
      await rm(root, { recursive: true, force: true });
    },
  };
}
