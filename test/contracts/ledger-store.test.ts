import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createLedgerStore } from "../../src/adapters/evidence/index.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeLedgerStore } from "../fakes/ledger-store.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { ledgerStoreContract } from "./ledger-store.ts";

ledgerStoreContract("fake", async () => {
  const clock = fakeClock();
  return { store: fakeLedgerStore(clock), clock };
});

ledgerStoreContract("over a repository in memory", async () => {
  const clock = fakeClock();
  return { store: createLedgerStore(memoryStore(), clock), clock };
});

ledgerStoreContract("over an OCI layout", async () => {
  const clock = fakeClock();
  const folder = await mkdtemp(join(tmpdir(), "modelgate-ledger-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { store: createLedgerStore(layoutStore("embedded/digits", folder), clock), clock };
});
