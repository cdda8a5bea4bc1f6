import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createEvidenceStore } from "../../src/adapters/evidence/index.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import type { OciStore } from "../../src/adapters/oci/store.ts";
import { formatImage } from "../../src/domain/image.ts";
import { fakeEvidenceStore } from "../fakes/evidence-store.ts";
import { putImage } from "../fakes/image.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { evidenceStoreContract } from "./evidence-store.ts";

const over = async (oci: OciStore) => ({
  store: createEvidenceStore(() => oci),
  images: [await putImage(oci, "one"), await putImage(oci, "two")] as const,
});

evidenceStoreContract("fake", async () => {
  const { images } = await over(memoryStore());
  return { store: fakeEvidenceStore(new Set(images.map(formatImage))), images };
});

evidenceStoreContract("over a repository in memory", () => over(memoryStore()));

evidenceStoreContract("over an OCI layout", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-evidence-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return over(layoutStore("embedded/digits", folder));
});
