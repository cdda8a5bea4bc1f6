import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createHandOver } from "../../src/adapters/evidence/index.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { fakeHandOver } from "../fakes/handed-over.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { storeOf } from "../fakes/registry/user.ts";
import { FakeRegistry } from "../fakes/registry.ts";
import { handOverContract } from "./hand-over.ts";

handOverContract("fake", async () => {
  const handOver = fakeHandOver();
  return { handOver, another: () => handOver };
});

handOverContract("over a repository in memory", async () => {
  const oci = memoryStore();
  const another = () => createHandOver(oci);
  return { handOver: another(), another };
});

handOverContract("over an OCI layout", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-hand-over-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const another = () => createHandOver(layoutStore("embedded/digits", folder));
  return { handOver: another(), another };
});

handOverContract("over a registry", async () => {
  const registry = await FakeRegistry.start({});
  onTestFinished(() => registry[Symbol.asyncDispose]());
  const another = () => createHandOver(storeOf(registry));
  return { handOver: another(), another };
});
