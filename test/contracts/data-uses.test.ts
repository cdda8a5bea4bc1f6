import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createDataUses } from "../../src/adapters/evidence/index.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { storeOf } from "../fakes/registry/user.ts";
import { FakeRegistry } from "../fakes/registry.ts";
import { dataUsesContract } from "./data-uses.ts";

dataUsesContract("over a repository in memory", async () => {
  const oci = memoryStore();
  return { another: () => createDataUses(oci) };
});

dataUsesContract("over an OCI layout", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-data-uses-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { another: () => createDataUses(layoutStore("embedded/digits", folder)) };
});

dataUsesContract("over a registry", async () => {
  const registry = await FakeRegistry.start({});
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return { another: () => createDataUses(storeOf(registry)) };
});
