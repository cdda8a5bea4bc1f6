import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { githubApprovals } from "./adapters/approvals/index.ts";
import { builders } from "./adapters/builders/index.ts";
import { layoutBundles } from "./adapters/bundles/index.ts";
import { gitBranch } from "./adapters/changes/index.ts";
import { datasets } from "./adapters/datasets/index.ts";
import { createDataUses, createEvidenceStore, createHandOver, createLedgerStore } from "./adapters/evidence/index.ts";
import { formats } from "./adapters/formats/index.ts";
import type { GitHubPlace } from "./adapters/github/client.ts";
import { importers } from "./adapters/importers/index.ts";
import { createOpenStore } from "./adapters/oci/open.ts";
import type { DockerConfig } from "./adapters/oci/registry/credentials.ts";
import { type PlatformContext, platforms } from "./adapters/platforms/index.ts";
import { runtimes } from "./adapters/runtimes/index.ts";
import { schemaFault } from "./adapters/schemas/index.ts";
import { createSigner, createVerifier } from "./adapters/signers/index.ts";
import { sources } from "./adapters/sources/index.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { convertedModels } from "./adapters/system/converted-models.ts";
import { dockerConfigFolder } from "./adapters/system/docker-config.ts";
import { writeWhole } from "./adapters/system/files.ts";
import { patternMatches } from "./adapters/system/patterns.ts";
import { runCommand } from "./adapters/system/processes.ts";
import { runFiles } from "./adapters/system/run-files.ts";
import { scriptRunner } from "./adapters/system/scripts.ts";
import { openSpill } from "./adapters/system/spill.ts";
import { prepareToolCache } from "./adapters/system/tool-cache.ts";
import type { Workshop } from "./commands/workshop.ts";
import type { Config } from "./config/config.ts";
import type { GitHubRun } from "./domain/github-run.ts";
import { embeddedHost } from "./domain/image.ts";
import { UserError } from "./domain/problem.ts";
import type { Host } from "./ports/host.ts";
import type { Platform } from "./ports/platform.ts";
import { wireProtocols } from "./wire/protocols.ts";
import { wireModelView } from "./wire/view.ts";

export { honourProxy } from "./adapters/system/proxy.ts";

/** What a machine brings: its environment is read by the hosts and handed over here. */
export interface Machine {
  /** The version of modelgate. */
  version: string;
  /** The environment for commands that are run, and for Docker's configuration. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder of the onnx server's own files. */
  serverFolder: string;
  /** The file that a thread of the load generator runs. */
  threadFile: string;
  /** Token for ghcr.io when Docker's configuration has no login, and whose it is. */
  token: { actor: string; secret: string } | null;
  /** The run of the GitHub job that this is; null on a terminal. */
  run: GitHubRun | null;
}

const architectures: Record<string, string> = { x64: "amd64", arm64: "arm64" };

/**
 * Docker's configuration, with a login for the repository's registry from MODELGATE_REGISTRY_USER and _PASSWORD, and for
 * ghcr.io from the job's token, where there is none.
 */
export async function dockerConfig(
  { env, token }: Machine,
  { image: { repository }, environments }: Config,
): Promise<{ config: DockerConfig; folder: string }> {
  const own = env["DOCKER_CONFIG"] ?? join(env["HOME"] ?? "/", ".docker");
  const path = join(own, "config.json");
  const text = await readFile(path, "utf8").catch(() => "{}");
  let known: DockerConfig;
  try {
    known = JSON.parse(text) as DockerConfig;
  } catch {
    throw new UserError([
      {
        code: "config.syntax",
        message: `${path} is not JSON`,
        hint: "Docker's own configuration is damaged: log in again with docker login.",
        at: { file: path },
      },
    ]);
  }
  const { MODELGATE_REGISTRY_USER: username, MODELGATE_REGISTRY_PASSWORD: password } = env;
  const knows = (host: string): boolean =>
    (known.auths?.[host] ?? known.credHelpers?.[host] ?? known.credsStore) !== undefined;
  const more = {
    ...(token && !knows("ghcr.io") && { "ghcr.io": { username: token.actor, password: token.secret } }),
    ...(repository !== null &&
      password && { [repository.split("/")[0]!]: { username: username || "token", password } }),
  };
  // Docker pulls by itself, and knows a login only as `auth`.
  const auths = Object.fromEntries(
    Object.entries(more).map(([host, login]) => [
      host,
      { auth: Buffer.from(`${login.username}:${login.password}`).toString("base64") },
    ]),
  );
  const config = { ...known, auths: { ...known.auths, ...auths } };
  const pulls = Object.values(environments).some(({ platform }) => platform === "docker");
  const folder =
    pulls && Object.keys(more).length > 0 ? dockerConfigFolder(config, own, env["RUNNER_TEMP"] ?? tmpdir()) : own;
  return { config, folder };
}

/** The repository a job runs for; null outside GitHub, and without a token. */
function githubPlace({ env, token }: Machine): GitHubPlace | null {
  const { GITHUB_API_URL: apiUrl, GITHUB_REPOSITORY: repository } = env;
  return token && apiUrl && repository ? { apiUrl, repository, token: token.secret } : null;
}

/** The environment without what is not set. */
export const defined = (env: Machine["env"]): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

function datasetFor(path: string): (typeof datasets)[keyof typeof datasets] {
  const found = Object.values(datasets).find((dataset) => dataset.recognises(path));
  if (found) return found;
  throw new UserError([
    {
      code: "config.value",
      message: `evaluate.data names ${path}, of no known kind`,
      hint: `Known kinds: ${Object.keys(datasets).join(", ")}, told by the file's ending.`,
      at: { file: path, key: "evaluate.data" },
    },
  ]);
}

/** A text file, or null when it is not there. */
const readOptional = (path: string): Promise<string | null> =>
  readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });

/** Puts the adapters a configuration asks for behind the ports: the only place that knows both. */
export async function wire(config: Config, host: Host, machine: Machine): Promise<Workshop> {
  const folder = resolve(dirname(config.file));
  const state = join(folder, ".modelgate");
  const env = defined(machine.env);
  const scripts = scriptRunner({ env, folder, temporaryFolder: env["RUNNER_TEMP"] ?? tmpdir() });
  const inFolder = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const { repository } = config.image;
  prepareToolCache();
  const architecture = architectures[process.arch] ?? process.arch;
  const docker = await dockerConfig(machine, config);
  const openStore = createOpenStore({
    layoutFolder: join(state, "registry"),
    dockerConfig: docker.config,
    runHelper: (command, words, input) => runCommand(command, words, { input, env }),
  });
  const imageRepository = repository ?? `${embeddedHost}/${config.model.name}`;
  const image = { model: config.model.name, openStore, architecture };
  const readNamed = (path: string): Promise<string | null> => readOptional(inFolder(path));
  const signer = createSigner(config.signing, { env, readText: readNamed });
  const verifier = createVerifier(config.trust, { readText: readNamed });
  const github = githubPlace(machine);
  return {
    config,
    version: machine.version,
    host,
    clock: systemClock,
    source: sources.path,
    converted: convertedModels(state, folder),
    formats: Object.values(formats),
    runtime: runtimes[config.image.runtime]({
      serverFolder: machine.serverFolder,
      packFolder: env["MODELGATE_RUNTIME_PACK"] ?? null,
      architecture,
      temporaryFolder: env["RUNNER_TEMP"] ?? tmpdir(),
      customFolder: config.image.server === null ? null : inFolder(config.image.server),
      custom: config.image.custom,
    }),
    builder: repository === null ? builders.layout(image) : builders.registry({ ...image, repository }),
    evidence: createEvidenceStore({ openStore, signer, verifier }),
    dataUses: createDataUses(openStore(imageRepository)),
    ledger: createLedgerStore(openStore(imageRepository), systemClock),
    handOver: repository === null ? null : createHandOver(openStore(repository)),
    approvals: github && githubApprovals(github),
    view: wireModelView(config, host, machine),
    protectedBranch: gitBranch(folder, env),
    bundles: layoutBundles({
      openStore,
      repository: imageRepository,
      readers: {
        evidence: (open) => createEvidenceStore({ openStore: open, signer, verifier }),
        describe: (open) => (wanted, signal) => builders.layout({ ...image, openStore: open }).describe(wanted, signal),
      },
    }),
    platform(environment, slot) {
      const { platform, options } = config.environments[environment]!;
      const place = {
        slot: `${config.model.name}-${environment}${slot === "champion" ? "-champion" : ""}`,
        folder: join(state, "environments", environment, slot),
        openStore,
        env: { ...env, DOCKER_CONFIG: docker.folder },
        scripts,
      };
      // A champion beside the candidate takes any free port: the environment's own is taken.
      const { port: _port, ...rest } = options as { port?: number };
      // The schema has read the options of this very platform.
      const create: (options: never, place: PlatformContext) => Platform = platforms[platform].create;
      return create((slot === "champion" ? rest : options) as never, place);
    },
    onThisMachine(environment) {
      const { runtime } = config.image;
      if (config.environments[environment]?.platform === "local")
        return { skipped: `${environment} runs on this machine already` };
      if (runtime !== "onnx") return { skipped: `the runtime ${runtime} needs its base image, which is not run here` };
      return platforms.local.create(
        {},
        {
          slot: `${config.model.name}-${environment}-parity`,
          folder: join(state, "environments", environment, "parity"),
          openStore,
          env,
          scripts,
        },
      );
    },
    schemaFault,
    patternMatches,
    ...wireProtocols(
      { access: config.access, dialect: config.protocol, resolve: inFolder, threadFile: machine.threadFile },
      env,
    ),
    dataset: datasetFor,
    importer: (tool) => importers[tool as keyof typeof importers],
    scripts,
    spill: () => openSpill(join(state, "runs")),
    files: runFiles(join(state, "runs", "last")),
    readText: readOptional,
    writeText: (path, text) => writeWhole(path, text),
    fromWorkingFolder: (path) => resolve(path),
    resolve: inFolder,
  };
}
