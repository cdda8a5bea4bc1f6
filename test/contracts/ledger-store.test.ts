import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createLedgerStore } from "../../src/adapters/evidence/index.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeLedgerStore } from "../fakes/ledger-store.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { storeOf } from "../fakes/registry/user.ts";
import { FakeRegistry } from "../fakes/registry.ts";
import { ledgerStoreContract } from "./ledger-store.ts";

ledgerStoreContract("fake", async () => {
  const clock = fakeClock();
  const store = fakeLedgerStore(clock);
  return { store, another: () => store, clock };
});

ledgerStoreContract("over a repository in memory", async () => {
  const clock = fakeClock();
  const oci = memoryStore();
  const another = () => createLedgerStore(oci, clock);
  return { store: another(), another, clock };
});

ledgerStoreContract("over an OCI layout", async () => {
  const clock = fakeClock();
  const folder = await mkdtemp(join(tmpdir(), "modelgate-ledger-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const another = () => createLedgerStore(layoutStore("embedded/digits", folder), clock);
  return { store: another(), another, clock };
});

ledgerStoreContract("over a registry that lists tags seven at a time", async () => {
  const clock = fakeClock();
  const registry = await FakeRegistry.start({ pageEntries: 7 });
  onTestFinished(() => registry[Symbol.asyncDispose]());
  const another = () => createLedgerStore(storeOf(registry), clock);
  return { store: another(), another, clock };
});
