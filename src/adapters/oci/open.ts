import { join } from "node:path";
import { embeddedHost } from "../../domain/image.ts";
import { layoutStore } from "./layout.ts";
import { type Credentials, type DockerConfig, dockerCredentials, type RunHelper } from "./registry/auth.ts";
import { registryStore } from "./registry.ts";
import type { OciStore, OpenStore } from "./store.ts";

/** Opens repositories: those of the embedded host in OCI layouts below a folder, all others over the network. */
export function createOpenStore(options: {
  layoutFolder: string;
  dockerConfig: DockerConfig;
  runHelper: RunHelper;
  insecureHosts?: readonly string[];
}): OpenStore {
  const stores = new Map<string, OciStore>();
  const credentials = new Map<string, Promise<Credentials | null>>();
  const credentialsOf = (host: string) => {
    const known = credentials.get(host) ?? dockerCredentials(options.dockerConfig, host, options.runHelper);
    credentials.set(host, known);
    return known;
  };
  return (repository) => {
    const known = stores.get(repository);
    if (known) return known;
    const [host, ...path] = repository.split("/");
    const store =
      host === embeddedHost
        ? layoutStore(repository, join(options.layoutFolder, ...path))
        : registryStore(repository, { credentials: credentialsOf, insecureHosts: options.insecureHosts ?? [] });
    stores.set(repository, store);
    return store;
  };
}
