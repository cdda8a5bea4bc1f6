import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createEvidenceStore } from "../../src/adapters/evidence/index.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import type { OciStore } from "../../src/adapters/oci/store.ts";
import { formatImage } from "../../src/domain/image.ts";
import { fakeEvidenceStore } from "../fakes/evidence-store.ts";
import { putImage } from "../fakes/image.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import type { Switches } from "../fakes/registry/switches.ts";
import { FakeRegistry } from "../fakes/registry.ts";
import { signingWithKey } from "../fakes/signing.ts";
import { evidenceStoreContract } from "./evidence-store.ts";

const unsigned = { signer: null, verifier: null };

const over = async (
  oci: OciStore,
  signing: Omit<Parameters<typeof createEvidenceStore>[0], "openStore"> = unsigned,
) => ({
  store: createEvidenceStore({ openStore: () => oci, ...signing }),
  images: [await putImage(oci, "one"), await putImage(oci, "two")] as const,
});

async function layout(): Promise<OciStore> {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-evidence-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return layoutStore("embedded/digits", folder);
}

async function registry(switches: Partial<Switches>): Promise<OciStore> {
  const served = await FakeRegistry.start(switches);
  onTestFinished(() => served[Symbol.asyncDispose]());
  const runHelper = (): Promise<never> => Promise.reject(new Error("no helper is configured"));
  return createOpenStore({ layoutFolder: "/nowhere", dockerConfig: null, runHelper })(`${served.host}/acme/digits`);
}

evidenceStoreContract("fake", async () => {
  const { images } = await over(memoryStore());
  return { store: fakeEvidenceStore(new Set(images.map(formatImage))), images };
});

evidenceStoreContract("over a repository in memory", () => over(memoryStore()));
evidenceStoreContract("over an OCI layout", async () => over(await layout()));

const signedWithKey = { status: "verified", by: { kind: "key" } };

evidenceStoreContract("over an OCI layout, signed", async () => over(await layout(), signingWithKey()), signedWithKey);
evidenceStoreContract("over a registry, signed", async () => over(await registry({}), signingWithKey()), signedWithKey);
evidenceStoreContract(
  "over a registry with the referrers in tags, signed",
  async () => over(await registry({ referrers: "tag", mount: "does not" }), signingWithKey()),
  signedWithKey,
);
