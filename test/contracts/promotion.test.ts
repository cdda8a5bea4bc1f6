import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { promotionContract } from "./promotion.ts";

promotionContract("over a repository in memory", async () => {
  const oci = memoryStore();
  return () => oci;
});

promotionContract("over an OCI layout", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-promotion-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return () => layoutStore("embedded/digits", folder);
});
