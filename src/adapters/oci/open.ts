import { join } from "node:path";
import { embeddedHost, isRepository } from "../../domain/image.ts";
import { UserError } from "../../domain/problem.ts";
import { layoutStore } from "./layout.ts";
import { type Credentials, type DockerConfig, dockerCredentials, type RunHelper } from "./registry/credentials.ts";
import { registryStore } from "./registry.ts";
import type { OciStore, OpenStore } from "./store.ts";

/**
 * Opens repositories: those of the embedded host in OCI layouts below a folder, all others over the network. Opening twice
 * gives the same store, so that tokens are asked for once.
 */
export function createOpenStore(options: {
  layoutFolder: string;
  /** Docker's configuration; null for anonymous access. */
  dockerConfig: DockerConfig | null;
  runHelper: RunHelper;
  /** Hosts asked without TLS, beside those on loopback. */
  insecureHosts?: readonly string[];
}): OpenStore {
  const stores = new Map<string, OciStore>();
  const credentials = new Map<string, Promise<Credentials | null>>();
  const credentialsOf = (host: string): Promise<Credentials | null> => {
    const known = credentials.get(host) ?? dockerCredentials(options.dockerConfig ?? {}, host, options.runHelper);
    credentials.set(host, known);
    known.catch(() => credentials.delete(host));
    return known;
  };
  return (repository) => {
    const known = stores.get(repository);
    if (known) return known;
    // The path becomes a folder or part of an address: it must have nothing in it that leads elsewhere.
    if (!isRepository(repository))
      throw new UserError([
        {
          code: "input.image",
          message: `"${repository}" is not a repository`,
          hint: "Write host[:port]/path in lower case.",
        },
      ]);
    const [host, ...path] = repository.split("/");
    const store =
      host === embeddedHost
        ? layoutStore(repository, join(options.layoutFolder, ...path))
        : registryStore(repository, { credentials: credentialsOf, insecureHosts: options.insecureHosts ?? [] });
    stores.set(repository, store);
    return store;
  };
}
