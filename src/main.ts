import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { carryOutForRepository, carryOutRequest } from "./commands/index.ts";
import { loadConfig } from "./config/load.ts";
import { UserError } from "./domain/problem.ts";
import { isRepositoryCommand, type Request } from "./domain/request.ts";
import { helpText, readArguments } from "./hosts/arguments.ts";
import { githubShell, readInputs, readRun, readToken } from "./hosts/github.ts";
import type { Shell } from "./hosts/shell.ts";
import { terminalShell } from "./hosts/terminal.ts";
import { runLoadThread } from "./wire/load-thread.ts";
import { wireRepository } from "./wire/repository.ts";
import { honourProxy, type Machine, wire } from "./wire.ts";

const { version } = manifest;

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new UserError([
      {
        code: "config.not-found",
        message: `${file} cannot be read${code ? ` (${code})` : ""}`,
        hint: "Run modelgate in the folder of modelgate.yml, or name it with --config.",
        at: { file },
      },
    ]);
  }
}

/** Ends long work when the runner or a user asks for it: what was begun is left to be settled by the next run. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () =>
      controller.abort(
        new UserError([
          {
            code: "cancelled",
            message: `stopped by ${name}`,
            hint: "Run the command again: it goes on, or says what stands where.",
          },
        ]),
      ),
    );
  return controller.signal;
}

async function carryOut(shell: Shell, request: Request, machine: Machine): Promise<void> {
  honourProxy(process.env);
  const { command } = request;
  if (isRepositoryCommand(command)) {
    const workshop = wireRepository(shell, machine);
    return shell.finish(await carryOutForRepository(workshop, { ...request, command }, stopSignal()));
  }
  const config = loadConfig(await readConfig(request.config), request.config);
  const workshop = await wire(config, shell, machine);
  await shell.finish(await carryOutRequest(workshop, { ...request, command }, stopSignal()));
}

/** The server's files lie beside the bundle, and in the source tree when it runs from there. */
const machineOf = (folder: string, { token, run }: Pick<Machine, "token" | "run">): Machine => {
  const beside = join(folder, "onnx-server");
  return {
    version,
    env: process.env,
    serverFolder: existsSync(beside) ? beside : join(folder, "../runtime/onnx-server"),
    threadFile: join(folder, "thread.js"),
    token,
    run,
  };
};

/** Runs one command as a step of a GitHub job. @param folder the folder of the bundle. */
export async function runAction(folder: string): Promise<void> {
  const shell = githubShell({ version });
  try {
    const request = readInputs();
    await carryOut(shell, request, machineOf(folder, { token: readToken(), run: readRun() }));
  } catch (error) {
    await shell.fail(error);
  }
}

/** Runs a thread of the load generator. */
export const runThread = (): void => runLoadThread(process.env);

/** Runs one command on a terminal. @param folder the folder of the bundle. */
export async function runCli(folder: string): Promise<void> {
  const words = process.argv.slice(2);
  const shell = terminalShell({
    version,
    json: words.includes("--json"),
    streams: { out: process.stdout, err: process.stderr },
  });
  try {
    const asked = readArguments(words);
    if (asked.kind === "version") process.stdout.write(`${version}\n`);
    else if (asked.kind === "help") process.stdout.write(`${helpText(version)}\n`);
    else await carryOut(shell, asked.request, machineOf(folder, { token: null, run: null }));
  } catch (error) {
    await shell.fail(error);
  }
}
