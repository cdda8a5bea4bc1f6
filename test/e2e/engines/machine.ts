import { dirname, join } from "node:path";
import { runtimePack } from "../../runtime/server.ts";
import { type DockerEngine, pushNodeBase, startDocker } from "./docker.ts";
import { type GitHub, type GitHubOptions, startGitHub } from "./github/index.ts";
import { type RegistryEngine, startRegistry } from "./registry.ts";

/** Everything a consumer's workflows need: a GitHub with a registry behind it, and an engine that pulls through it. */
export interface Machine extends AsyncDisposable {
  github: GitHub;
  registry: RegistryEngine;
  engine: DockerEngine;
  /** A base image, in the registry at its own address. */
  base: string;
  /** For runKit: the engine, and packages that were fetched before. */
  environment: Readonly<Record<string, string>>;
}

/** Starts all of it. `mirrored`: names of other registries that are answered by this one. The runtime's packages are fetched through npm when this machine never did. */
export async function startMachine(
  options: Omit<GitHubOptions, "registry" | "mirrors"> & { mirrored?: readonly string[] } = {},
): Promise<Machine> {
  const { mirrored = [], ...rest } = options;
  const [registry, pack] = await Promise.all([startRegistry(), runtimePack()]);
  const mirrors = Object.fromEntries(mirrored.map((name) => [name, registry.host]));
  const github = await startGitHub({ ...rest, registry: registry.host, mirrors });
  const engine = await startDocker(github.engineEnvironment);
  const library = join(pack, "onnxruntime-node/bin/napi-v6/linux", process.arch, "libonnxruntime.so.1");
  const base = await pushNodeBase(engine, registry.host, [library]);
  return {
    ...{ github, registry, engine, base },
    // act has a tool cache of its own for every run; a job that fetched into it would ask a host that is refused.
    environment: { DOCKER_HOST: engine.env["DOCKER_HOST"]!, MODELGATE_RUNTIME_PACK: dirname(pack) },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await Promise.all([github[Symbol.asyncDispose](), registry[Symbol.asyncDispose]()]);
    },
  };
}
