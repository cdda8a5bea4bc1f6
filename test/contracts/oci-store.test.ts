import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import type { Switches } from "../fakes/registry/switches.ts";
import { FakeRegistry } from "../fakes/registry.ts";
import { ociStoreContract } from "./oci-store.ts";

const noHelper = (): Promise<never> => Promise.reject(new Error("no helper is configured"));

ociStoreContract("in a layout folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-layout-"));
  const openStore = createOpenStore({ layoutFolder: folder, dockerConfig: null, runHelper: noHelper });
  return {
    open: (name) => openStore(`embedded/${name}`),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

function overRegistry(name: string, switches: Partial<Switches>): void {
  ociStoreContract(`in a registry ${name}`, async () => {
    const registry = await FakeRegistry.start(switches);
    const { access } = registry.switches;
    const auths =
      access.kind === "open" ? {} : { [registry.host]: { username: access.username, password: access.password } };
    const openStore = createOpenStore({ layoutFolder: "/nowhere", dockerConfig: { auths }, runHelper: noHelper });
    return {
      open: (repository) => openStore(`${registry.host}/${repository}`),
      close: () => registry[Symbol.asyncDispose](),
    };
  });
}

const token = { kind: "token", username: "ada", password: "pass:word", withholds: /^$/ } as const;

overRegistry("that does all", {});
overRegistry("with the referrers in tags, as Debian's", { referrers: "tag", mount: "does not" });
overRegistry("that lists referrers and tags two at a time", { pageEntries: 2 });
overRegistry("that lists all tags at once, as Debian's", { tags: "all" });
overRegistry("that takes no PATCH", { noPatch: true, location: "absolute" });
overRegistry("that takes no PUT with a body", { noPut: true, mount: "refuses" });
overRegistry("behind a proxy that takes small bodies only", { longestBody: 4 * 2 ** 20, noPut: true });
overRegistry("that takes small PATCHes only, and uploads on another host", {
  longestPatch: 4 * 2 ** 20,
  location: "other host",
});
overRegistry("with blobs behind a redirect", { redirects: true });
overRegistry("that asks for a name and password", {
  access: { kind: "basic", username: "ada", password: "pass:word" },
});
overRegistry("that asks for a token", { access: { ...token, seconds: 300, uses: 1e9 } });
overRegistry("whose tokens end after two requests", { access: { ...token, seconds: 300, uses: 2 } });
