import { readFile } from "node:fs/promises";
import { gitChanges } from "../adapters/changes/index.ts";
import { createHandOver } from "../adapters/evidence/index.ts";
import { createOpenStore } from "../adapters/oci/open.ts";
import { inParallel } from "../adapters/system/parallel.ts";
import { runCommand } from "../adapters/system/processes.ts";
import type { RepositoryWorkshop } from "../commands/repository.ts";
import type { Host } from "../ports/host.ts";
import { defined, dockerConfig, type Machine } from "../wire.ts";
import { wireRepositoryView } from "./view.ts";

/** How many files are read, or models asked about, at once. */
const atOnce = 16;

/** Puts the adapters behind the ports of commands about the repository. */
export function wireRepository(host: Host, machine: Machine): RepositoryWorkshop {
  const env = defined(machine.env);
  return {
    host,
    changes: gitChanges(".", env),
    async handOver(config) {
      const { repository } = config.image;
      if (repository === null) return null;
      // Nothing is deployed, so Docker itself needs no login.
      const docker = await dockerConfig(machine, { ...config, environments: {} });
      const openStore = createOpenStore({
        layoutFolder: ".modelgate/registry",
        dockerConfig: docker.config,
        runHelper: (command, words, input) => runCommand(command, words, { input, env }),
      });
      return createHandOver(openStore(repository));
    },
    view: (configs) => wireRepositoryView(configs, host, machine),
    readText: (path) =>
      readFile(path, "utf8").catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      }),
    each: (items, work) => inParallel(items, atOnce, work),
  };
}
