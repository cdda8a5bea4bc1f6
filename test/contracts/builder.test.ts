import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builders } from "../../src/adapters/builders/index.ts";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import type { Switches } from "../fakes/registry/switches.ts";
import { FakeRegistry } from "../fakes/registry.ts";
import { builderContract } from "./builder.ts";

const runHelper = (): Promise<never> => Promise.reject(new Error("no helper is configured"));
const architecture = "amd64";

builderContract("layout", async () => {
  const layoutFolder = await mkdtemp(join(tmpdir(), "modelgate-builder-"));
  const openStore = createOpenStore({ layoutFolder, dockerConfig: null, runHelper });
  return {
    builder: builders.layout({ model: "digits", openStore, architecture }),
    repository: "embedded/digits",
    openStore,
    close: () => rm(layoutFolder, { recursive: true, force: true }),
  };
});

function overRegistry(name: string, switches: Partial<Switches>): void {
  builderContract(`registry ${name}`, async () => {
    const registry = await FakeRegistry.start(switches);
    const openStore = createOpenStore({ layoutFolder: "/nowhere", dockerConfig: null, runHelper });
    const repository = `${registry.host}/acme/digits`;
    return {
      builder: builders.registry({ repository, openStore, architecture }),
      repository,
      openStore,
      close: () => registry[Symbol.asyncDispose](),
    };
  });
}

overRegistry("that does all", {});
overRegistry("that takes no PATCH", { noPatch: true });
