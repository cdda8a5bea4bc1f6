import { afterAll, beforeAll, expect, test } from "vitest";
import { createLedgerStore } from "../../src/adapters/evidence/index.ts";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import type { OciStore } from "../../src/adapters/oci/store.ts";
import { hex } from "../../src/domain/digest.ts";
import { entryDigest, type LedgerEntry } from "../../src/domain/ledger.ts";
import { entryAfter, ledgerStoreContract } from "../contracts/ledger-store.ts";
import { promotionContract } from "../contracts/promotion.ts";
import { fakeClock } from "../fakes/clock.ts";
import { type RegistryEngine, startRegistry } from "./engines/registry.ts";

const { signal } = new AbortController();
let engine: RegistryEngine;
beforeAll(async () => {
  engine = await startRegistry();
});
afterAll(() => engine[Symbol.asyncDispose]());

let tests = 0;
/** A repository that is not there yet, as each of several runs opens it for itself. */
const repository = (): (() => OciStore) => {
  const name = `${engine.host}/t${++tests}/digits`;
  const runHelper = (): Promise<never> => Promise.reject(new Error("no helper is configured"));
  return () => createOpenStore({ layoutFolder: "/nowhere", dockerConfig: null, runHelper })(name);
};

ledgerStoreContract("in Debian's docker-registry", async () => {
  const [clock, open] = [fakeClock(), repository()];
  const another = () => createLedgerStore(open(), clock);
  return { store: another(), another, clock };
});

promotionContract("in Debian's docker-registry", async () => repository());

/** The address of a manifest, as other tools ask for it. */
const manifests = (store: OciStore, reference: string): string =>
  `http://${store.repository.replace("/", "/v2/")}/manifests/${reference}`;

async function written(store: OciStore, count: number): Promise<LedgerEntry[]> {
  const ledger = createLedgerStore(store, fakeClock());
  const entries: LedgerEntry[] = [];
  for (let i = 0; i < count; i++) {
    entries.push(entryAfter(entries.at(-1), { reason: `entry ${i}` }));
    await ledger.append(entries.at(-1)!, signal);
  }
  return entries;
}

const tagOf = (entry: LedgerEntry): string => `modelgate-ledger-production-${hex(entryDigest(entry))}`;

test("an entry that somebody deletes from the registry is named", async () => {
  const open = repository();
  const [, second] = await written(open(), 3);
  const manifest = await open().manifest(tagOf(second!), signal);
  const answer = await fetch(manifests(open(), manifest!.digest), { method: "DELETE" });
  expect(answer.status).toBe(202);
  const read = createLedgerStore(open(), fakeClock()).read("production", signal);
  await expect(read).rejects.toMatchObject({ problems: [{ code: "ledger.broken" }] });
  await expect(read).rejects.toThrow(entryDigest(second!));
});

test("an entry whose tag somebody moves to another one is named", async () => {
  const open = repository();
  const [first, second] = await written(open(), 3);
  const other = await open().manifest(tagOf(first!), signal);
  await open().putManifest({ ...other!, tag: tagOf(second!) }, signal);
  const { breaches } = await createLedgerStore(open(), fakeClock()).audit("production", signal);
  expect(breaches).toMatchObject([
    { message: expect.stringContaining(`${entryDigest(second!)} was changed`) as string },
  ]);
});
