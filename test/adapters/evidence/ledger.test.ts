import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createLedgerStore } from "../../../src/adapters/evidence/index.ts";
import { bytesSource, emptyConfig, mediaTypes, readManifest } from "../../../src/adapters/oci/content.ts";
import { layoutStore } from "../../../src/adapters/oci/layout.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { brokenLink, type LedgerEntry } from "../../../src/domain/ledger.ts";
import { entryAfter } from "../../contracts/ledger-store.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { type MemoryStore, memoryStore } from "../../fakes/oci-store.ts";

const { signal } = new AbortController();
const tag = "modelgate-ledger-production";
const ledgerType = "application/vnd.modelgate.ledger.v1+json";
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function repository() {
  const oci = memoryStore();
  const clock = fakeClock();
  return { oci, clock, ledger: createLedgerStore(oci, clock) };
}

async function write(ledger: ReturnType<typeof repository>["ledger"], count: number): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (let i = 0; i < count; i++) {
    entries.push(entryAfter(entries.at(-1), { reason: `entry ${i}` }));
    await ledger.append(entries.at(-1)!, signal);
  }
  return entries;
}

/** Points the ledger's tag at pages with these contents. */
async function forge(oci: MemoryStore, pages: readonly string[], fields: Record<string, unknown> = {}): Promise<void> {
  const config = await oci.pushBlob(bytesSource(emptyConfig), null, signal);
  const layers = [];
  for (const page of pages) {
    const { digest, size } = await oci.pushBlob(bytesSource(utf8(page)), null, signal);
    layers.push({ mediaType: ledgerType, digest, size });
  }
  const empty = { mediaType: mediaTypes.empty, digest: config.digest, size: config.size };
  const manifest = { schemaVersion: 2, artifactType: ledgerType, config: empty, layers, ...fields };
  await oci.putManifest({ mediaType: mediaTypes.manifest, bytes: utf8(JSON.stringify(manifest)), tag }, signal);
}

test("a long history is a few pages, all of them kept by the one tag, and full pages are never written again", async () => {
  const { oci, ledger } = repository();
  const entries = await write(ledger, 600);
  expect(await ledger.read("production", signal)).toEqual(entries);
  const head = () => readManifest(oci.manifests.get(oci.tags.get(tag)!)!, "test").layers!.map(({ digest }) => digest);
  const pages = head();
  const lengths = pages.map((page) => JSON.parse(new TextDecoder().decode(oci.blobs.get(page))).entries.length);
  expect(lengths).toEqual([256, 256, 88]);
  await ledger.append(entryAfter(entries.at(-1)), signal);
  expect(head().slice(0, 2)).toEqual(pages.slice(0, 2));
  let calls = 0;
  const [manifest, blob] = [oci.manifest, oci.blob];
  oci.manifest = (...args) => ((calls += 1), manifest(...args));
  oci.blob = (...args) => ((calls += 1), blob(...args));
  expect(await ledger.read("production", signal)).toHaveLength(601);
  expect(calls).toBe(4);
});

test("whatever writers do to each other, the chain holds and a write that was confirmed alone is there", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 25 }), async (steps) => {
      const { ledger } = repository();
      const views = new Map<number, readonly LedgerEntry[]>();
      let confirmed = 0;
      for (const [writer, look] of steps) {
        if (look || !views.has(writer)) views.set(writer, await ledger.read("production", signal));
        const entry = entryAfter(views.get(writer)!.at(-1), { actor: `writer ${writer}` });
        const ok = await ledger.append(entry, signal).then(
          () => true,
          (error: { problem?: { code: string } }) => {
            expect(error.problem?.code).toBe("promote.locked");
            return false;
          },
        );
        if (ok) confirmed += 1;
        const now = await ledger.read("production", signal);
        expect(brokenLink(now)).toBeNull();
        expect(now).toHaveLength(confirmed);
      }
    }),
    { numRuns: 40 },
  );
});

test("a writer that is overtaken while it writes learns of it", async () => {
  const { oci, ledger } = repository();
  const [first] = await write(ledger, 1);
  const put = oci.putManifest;
  oci.putManifest = async (manifest, stop) => {
    const digest = await put(manifest, stop);
    oci.putManifest = put;
    await forge(oci, [JSON.stringify({ entries: [first, entryAfter(first, { actor: "grace" })] })]);
    return digest;
  };
  const mine = ledger.append(entryAfter(first), signal);
  await expect(mine).rejects.toMatchObject({ problem: { code: "promote.locked" } });
  expect((await ledger.read("production", signal)).at(-1)!.actor).toBe("grace");
});

test("a writer that is overtaken before it writes does not write", async () => {
  const { oci, ledger } = repository();
  const [first] = await write(ledger, 1);
  const push = oci.pushBlob;
  oci.pushBlob = async (...args) => {
    oci.pushBlob = push;
    await forge(oci, [JSON.stringify({ entries: [first, entryAfter(first, { actor: "grace" })] })]);
    return push(...args);
  };
  await expect(ledger.append(entryAfter(first), signal)).rejects.toMatchObject({ problem: { code: "promote.locked" } });
  expect((await ledger.read("production", signal)).at(-1)!.actor).toBe("grace");
});

const first = entryAfter(undefined);
test.each<[string, readonly string[], Record<string, unknown>, RegExp]>([
  ["a page that is not JSON", ["{"], {}, /not JSON/],
  ["a page without entries", ['{"entries":[]}'], {}, /entries/],
  ["an entry with more than we say", [JSON.stringify({ entries: [{ ...first, approved: true }] })], {}, /approved/],
  ["an entry without a digest", [JSON.stringify({ entries: [{ ...first, modelDigest: "" }] })], {}, /modelDigest/],
  [
    "a gap",
    [JSON.stringify({ entries: [first] }), JSON.stringify({ entries: [entryAfter(first, { sequence: 3 })] })],
    {},
    /entry 2/,
  ],
  [
    "a changed entry",
    [JSON.stringify({ entries: [{ ...first, reason: "x" }, entryAfter(first)] })],
    {},
    /entry 2 does not follow/,
  ],
  ["another environment's entry", [JSON.stringify({ entries: [{ ...first, environment: "canary" }] })], {}, /canary/],
  ["no pages", [], {}, /not a list of pages/],
  ["an image under its tag", ["{}"], { artifactType: undefined }, /points at an image/],
  [
    "a page that claims too much",
    [],
    { layers: [{ mediaType: ledgerType, digest: sha256("{}"), size: 2 ** 40 }] },
    /not a list of pages/,
  ],
])("a ledger with %s is broken and says so", async (_what, pages, fields, why) => {
  const { oci, ledger } = repository();
  await forge(oci, pages, fields);
  const read = ledger.read("production", signal);
  await expect(read).rejects.toMatchObject({ problems: [{ code: "ledger.broken" }] });
  await expect(read).rejects.toThrow(why);
});

test("a broken last page is not written behind", async () => {
  const { oci, ledger } = repository();
  await forge(oci, ["{"]);
  await expect(ledger.append(first, signal)).rejects.toMatchObject({ problems: [{ code: "ledger.broken" }] });
});

test("an environment whose name is no tag is refused", async () => {
  const { ledger } = repository();
  for (const name of ["", "a/b", "eu west", "x".repeat(101)])
    await expect(ledger.read(name, signal)).rejects.toMatchObject({ problems: [{ code: "config.value" }] });
});

test("a lease that cannot be read holds everybody up until somebody looks", async () => {
  const { oci, ledger } = repository();
  await using _lease = await ledger.lease("production", "ada", 1000, signal);
  const manifest = oci.manifests.get(oci.tags.get("modelgate-lease-production")!)!;
  const text = new TextDecoder().decode(manifest.bytes).replace("released", "freed");
  const put = { mediaType: mediaTypes.manifest, bytes: utf8(text), tag: "modelgate-lease-production" };
  await oci.putManifest(put, signal);
  const taken = ledger.lease("production", "grace", 1000, signal);
  await expect(taken).rejects.toMatchObject({ problems: [{ code: "ledger.broken" }] });
});

test("of two that take a lease at the same moment, the one that was written over learns of it", async () => {
  const { oci, clock, ledger } = repository();
  const put = oci.putManifest;
  oci.putManifest = async (...args) => {
    const digest = await put(...args);
    oci.putManifest = put;
    oci.tags.delete("modelgate-lease-production");
    await createLedgerStore(oci, clock).lease("production", "grace", 1000, signal);
    return digest;
  };
  await expect(ledger.lease("production", "ada", 1000, signal)).rejects.toThrow(/grace took it at the same moment/);
});

test("a lease that cannot be given back does not hide the outcome of the act", async () => {
  const { oci, ledger } = repository();
  const lease = await ledger.lease("production", "ada", 1000, signal);
  oci.manifest = () => Promise.reject(new Error("no route to host"));
  await expect(lease[Symbol.asyncDispose]()).resolves.toBeUndefined();
});

test("the lease of a process of this machine that was killed is taken over at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-lease-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source = (path: string): string => JSON.stringify(resolve(import.meta.dirname, "../../../src", path));
  const program = `
    import { createLedgerStore } from ${source("adapters/evidence/index.ts")};
    import { layoutStore } from ${source("adapters/oci/layout.ts")};
    const clock = { now: () => new Date("2026-11-23T12:00:00.000Z") };
    const ledger = createLedgerStore(layoutStore("embedded/digits", ${JSON.stringify(folder)}), clock);
    await ledger.lease("production", "ada", 3_600_000, new AbortController().signal);
    process.stdout.write("held");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const ledger = createLedgerStore(layoutStore("embedded/digits", folder), fakeClock());
  await expect(ledger.lease("production", "grace", 1000, signal)).rejects.toThrow(/ada holds it/);
  child.kill("SIGKILL");
  await once(child, "exit");
  await using lease = await ledger.lease("production", "grace", 1000, signal);
  expect(lease.owner).toBe("grace");
});
