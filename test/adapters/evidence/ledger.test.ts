import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLedgerStore } from "../../../src/adapters/evidence/index.ts";
import { bytesSource, emptyConfig, mediaTypes } from "../../../src/adapters/oci/content.ts";
import { layoutStore } from "../../../src/adapters/oci/layout.ts";
import { type Digest, hex, sha256 } from "../../../src/domain/digest.ts";
import { byDigest, tips } from "../../../src/domain/history.ts";
import { entryDigest, type LedgerEntry } from "../../../src/domain/ledger.ts";
import { entryAfter } from "../../contracts/ledger-store.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { type MemoryStore, memoryStore } from "../../fakes/oci-store.ts";

const { signal } = new AbortController();
const head = "modelgate-head-production";
const tagOf = (entry: LedgerEntry): string => `modelgate-ledger-production-${hex(entryDigest(entry))}`;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function repository() {
  const oci = memoryStore();
  const clock = fakeClock();
  /** A store that has read nothing yet, as each run has. */
  const fresh = () => createLedgerStore(oci, clock);
  return { oci, clock, fresh, ledger: fresh() };
}

/** Writes entries one behind the other, as runs do: each reads first. */
async function write({ ledger }: ReturnType<typeof repository>, count: number): Promise<LedgerEntry[]> {
  let entries = await ledger.read("production", signal);
  for (let i = 0; i < count; i++) {
    await ledger.append(entryAfter(entries.at(-1), { reason: `entry ${entries.length}` }), signal);
    entries = await ledger.read("production", signal);
  }
  return [...entries];
}

/** The problems of reading a history. */
async function problems(place: ReturnType<typeof repository>): Promise<string[]> {
  const error: unknown = await place
    .fresh()
    .read("production", signal)
    .catch((thrown: unknown) => thrown);
  const found = (error as { problems?: { code: string; message: string }[] }).problems ?? [];
  expect(found.every(({ code }) => code === "ledger.broken")).toBe(true);
  return found.map(({ message }) => message);
}

/** Puts something else under a tag. */
async function forge(oci: MemoryStore, tag: string, content: string, fields: object = {}): Promise<Digest> {
  const config = await oci.pushBlob(bytesSource(emptyConfig), null, signal);
  const { digest, size } = await oci.pushBlob(bytesSource(utf8(content)), null, signal);
  const layer = { mediaType: "x/y", digest, size, data: Buffer.from(content).toString("base64") };
  const empty = { mediaType: mediaTypes.empty, digest: config.digest, size: config.size };
  const body = { schemaVersion: 2, config: empty, layers: [layer], ...fields };
  return oci.putManifest({ mediaType: mediaTypes.manifest, bytes: utf8(JSON.stringify(body)), tag }, signal);
}

test("an entry is one artifact under a tag of its own, and no entry's tag is ever moved", async () => {
  const place = repository();
  const put = place.oci.putManifest;
  const seen: string[] = [];
  place.oci.putManifest = (manifest, stop) => {
    if (manifest.tag !== undefined) seen.push(manifest.tag);
    return put(manifest, stop);
  };
  const entries = await write(place, 3);
  expect(seen.filter((tag) => tag !== head)).toEqual(entries.map(tagOf));
  expect(Math.max(...seen.map((tag) => tag.length))).toBeLessThanOrEqual(128);
});

test("an environment with the longest name has tags that a registry takes", async () => {
  const place = repository();
  const environment = "e".repeat(31);
  let last: LedgerEntry | undefined;
  for (let i = 0; i < 130; i++) {
    await place.ledger.read(environment, signal);
    last = entryAfter(last, { environment });
    await place.ledger.append(last, signal);
  }
  const tags = [...place.oci.tagged.keys()];
  expect(tags.some((tag) => tag.startsWith(`modelgate-checkpoint-${environment}-128-`))).toBe(true);
  expect(tags.filter((tag) => !/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(tag))).toEqual([]);
});

test("an environment whose name is no tag, or too long for one, is refused", async () => {
  const { ledger } = repository();
  for (const name of ["", "a/b", "eu west", "x".repeat(32)]) {
    for (const asked of [ledger.read(name, signal), ledger.lease(name, "ada", 1, signal)])
      await expect(asked).rejects.toMatchObject({ problems: [{ code: "config.value" }] });
  }
});

test("an entry that was removed is named, with who names it", async () => {
  const place = repository();
  const [first, second, third] = await write(place, 3);
  place.oci.tagged.delete(tagOf(second!));
  const found = await problems(place);
  expect(found).toEqual([expect.stringContaining(`the entry ${entryDigest(second!)} is gone`)]);
  expect(found[0]).toContain(hex(entryDigest(third!)).slice(0, 12));
  const { entries, breaches } = await place.fresh().audit("production", signal);
  expect(entries).toEqual([first, third]);
  expect(breaches).toHaveLength(1);
});

test("of several removed entries each is named", async () => {
  const place = repository();
  const entries = await write(place, 5);
  for (const gone of [entries[1]!, entries[3]!]) place.oci.tagged.delete(tagOf(gone));
  const found = await problems(place);
  expect(found).toHaveLength(2);
  for (const gone of [entries[1]!, entries[3]!]) expect(found.join("\n")).toContain(entryDigest(gone));
});

test("the newest entry, which no other names, is missed when it is removed: the head names it", async () => {
  const place = repository();
  const [, , third] = await write(place, 3);
  place.oci.tagged.delete(tagOf(third!));
  expect(await problems(place)).toEqual([expect.stringMatching(/sha256:.* is gone; it is known from the head/)]);
});

test("what cannot be seen: the newest entry, removed together with its head before a checkpoint holds it", async () => {
  const place = repository();
  const [first, second, third] = await write(place, 3);
  for (const tag of [tagOf(third!), head]) place.oci.tagged.delete(tag);
  expect(await place.fresh().read("production", signal)).toEqual([first, second]);
});

test("the newest entry, removed together with its head, is missed when a checkpoint holds it", async () => {
  const place = repository();
  const entries = await write(place, 128);
  for (const tag of [tagOf(entries.at(-1)!), head]) place.oci.tagged.delete(tag);
  const found = await problems(place);
  expect(found).toEqual([expect.stringMatching(/it is known from the checkpoint of 128 entries/)]);
  expect(found[0]).toContain(entryDigest(entries.at(-1)!));
});

test("an entry that is listed and not there is gone too", async () => {
  const place = repository();
  const [, second] = await write(place, 3);
  place.oci.manifests.delete(place.oci.tagged.get(tagOf(second!))!);
  expect(await problems(place)).toEqual([expect.stringContaining("is gone; it is known from the list of tags")]);
});

test.each<[string, (entry: LedgerEntry) => { content: string; fields?: object }, RegExp]>([
  ["another entry", (entry) => ({ content: JSON.stringify({ ...entry, reason: "x" }) }), /its tag holds the entry/],
  ["more than an entry says", (entry) => ({ content: JSON.stringify({ ...entry, approved: true }) }), /approved/],
  ["an entry without a digest", (entry) => ({ content: JSON.stringify({ ...entry, modelDigest: "" }) }), /modelDigest/],
  ["what is not JSON", () => ({ content: "{" }), /not JSON/],
  ["an image", () => ({ content: "", fields: { layers: [] } }), /something that is no entry/],
])("an entry whose tag points at %s was changed, and is named", async (_what, other, why) => {
  const place = repository();
  const [, second] = await write(place, 3);
  const { content, fields } = other(second!);
  await forge(place.oci, tagOf(second!), content, fields);
  const found = await problems(place);
  expect(found[0]).toContain(`the entry ${entryDigest(second!)} was changed`);
  expect(found[0]).toMatch(why);
  expect((await place.fresh().audit("production", signal)).breaches[0]!.message).toMatch(why);
});

test("an entry whose bytes were changed on the disk is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-ledger-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const oci = layoutStore("embedded/digits", folder);
  const ledger = createLedgerStore(oci, fakeClock());
  const entry = entryAfter(undefined);
  await ledger.append(entry, signal);
  const manifest = await oci.manifest(tagOf(entry), signal);
  const text = Buffer.from(manifest!.bytes).toString().replace('"schemaVersion":2', '"schemaVersion":3');
  await writeFile(join(folder, "blobs/sha256", hex(manifest!.digest)), text);
  const read = createLedgerStore(oci, fakeClock()).read("production", signal);
  await expect(read).rejects.toThrow(`the entry ${entryDigest(entry)} was changed`);
});

test("an entry about another environment, or that ends another act, is named", async () => {
  const place = repository();
  const intended = entryAfter(undefined, { phase: "intended" });
  const foreign = entryAfter(intended, { environment: "canary" });
  const misfit = entryAfter(intended, { act: "rollback", closes: entryDigest(intended) });
  for (const entry of [intended, misfit]) await place.ledger.append(entry, signal);
  await place.fresh().append(foreign, signal);
  const manifest = place.oci.manifests.get(
    place.oci.tagged.get(`modelgate-ledger-canary-${hex(entryDigest(foreign))}`)!,
  )!;
  await place.oci.putManifest({ ...manifest, tag: tagOf(foreign) }, signal);
  const found = await problems(place);
  expect(found).toHaveLength(2);
  expect(found.join("\n")).toMatch(/ends sha256:.*, which is no act of its own/);
  expect(found.join("\n")).toContain(`the entry ${entryDigest(foreign)} is about canary`);
});

test("an entry that a list of tags leaves out is found by the one that names it", async () => {
  const place = repository();
  const entries = await write(place, 4);
  const { tags } = place.oci;
  place.oci.tags = async (prefix, stop) => (await tags(prefix, stop)).filter((tag) => tag === tagOf(entries[3]!));
  expect(await place.fresh().read("production", signal)).toEqual(entries);
});

test("a registry that moves no tags keeps a history all the same", async () => {
  const place = repository();
  const put = place.oci.putManifest;
  place.oci.putManifest = (manifest, stop) =>
    manifest.tag !== undefined && place.oci.tagged.has(manifest.tag)
      ? Promise.reject(new Error("tags are immutable here"))
      : put(manifest, stop);
  const entries = await write(place, 3);
  expect(await place.fresh().read("production", signal)).toEqual(entries);
});

/** Counts the requests of one reading by a run that has read nothing yet. */
async function requestsOf(place: ReturnType<typeof repository>): Promise<number> {
  let calls = 0;
  const { manifest, blob, tags } = place.oci;
  place.oci.manifest = (...args) => ((calls += 1), manifest(...args));
  place.oci.blob = (...args) => ((calls += 1), blob(...args));
  place.oci.tags = (...args) => ((calls += 1), tags(...args));
  await place.fresh().read("production", signal);
  Object.assign(place.oci, { manifest, blob, tags });
  return calls;
}

test("a long history is read in pages, and full pages are kept once", async () => {
  const place = repository();
  const entries = await write(place, 300);
  expect(await place.fresh().read("production", signal)).toEqual(entries);
  expect(await place.fresh().audit("production", signal)).toEqual({ entries, breaches: [] });
  // The list, the head, a checkpoint of two pages and what came behind it.
  expect(await requestsOf(place)).toBe(2 + 1 + 2 + (300 - 256));
  const checkpoints = [...place.oci.tagged.keys()].filter((tag) => tag.startsWith("modelgate-checkpoint-"));
  expect(checkpoints.map((tag) => tag.split("-")[3])).toEqual(["128", "256"]);
});

test("what one run has read it does not read again", async () => {
  const place = repository();
  await write(place, 50);
  let asked = 0;
  const { manifest } = place.oci;
  place.oci.manifest = (reference, stop) => ((asked += reference === head ? 0 : 1), manifest(reference, stop));
  await place.ledger.read("production", signal);
  expect(asked).toBe(0);
});

test("entries that were written beside a checkpoint are read with it, in the same order by everybody", async () => {
  const place = repository();
  const entries = await write(place, 127);
  const late = entryAfter(entries[100], { reason: "late", at: "2026-11-23T11:00:00.000Z" });
  const last = entryAfter(entries.at(-1), { reason: "last" });
  await place.ledger.append(last, signal);
  expect([...place.oci.tagged.keys()].some((tag) => tag.startsWith("modelgate-checkpoint-production-128-"))).toBe(true);
  await place.fresh().append(late, signal);
  const read = await place.fresh().read("production", signal);
  expect(read).toHaveLength(129);
  expect((await place.fresh().audit("production", signal)).entries).toEqual(read);
  expect(tips(byDigest(read))).toEqual([last, late].map(entryDigest).toSorted());
});

test("a damaged checkpoint is passed over, and named when everything is checked", async () => {
  const place = repository();
  const entries = await write(place, 260);
  const tag = [...place.oci.tagged.keys()].find((name) => name.startsWith("modelgate-checkpoint-production-256-"))!;
  await forge(place.oci, tag, "{}");
  expect(await place.fresh().read("production", signal)).toEqual(entries);
  const { breaches } = await place.fresh().audit("production", signal);
  expect(breaches).toEqual([expect.objectContaining({ message: expect.stringContaining(tag) as string })]);
});

test.each<[string, (entries: LedgerEntry[]) => LedgerEntry[], (digest: Digest, count: number) => string, RegExp]>([
  ["under the digest of another", (all) => all, (_, count) => `${count}-${hex(sha256("x"))}`, /its tag holds sha256:/],
  ["that says another count", (all) => all, (digest, count) => `${count + 1}-${hex(digest)}`, /2 entries, not 3/],
  ["that begins in the middle", (all) => all.slice(1), (digest, count) => `${count}-${hex(digest)}`, /it leaves out/],
])("a checkpoint %s is no sound one", async (_what, pick, nameOf, why) => {
  const place = repository();
  const entries = await write(place, 2);
  const held = pick(entries);
  const content = JSON.stringify({ entries: held });
  const type = "application/vnd.modelgate.ledger.checkpoint.v1+json";
  const layer = await place.oci.pushBlob(bytesSource(utf8(content)), null, signal);
  const layers = [{ mediaType: type, digest: layer.digest, size: layer.size }];
  const digest = await forge(place.oci, "x", content, { layers });
  place.oci.tagged.set(`modelgate-checkpoint-production-${nameOf(digest, held.length)}`, digest);
  expect(await place.fresh().read("production", signal)).toEqual(entries);
  const { breaches } = await place.fresh().audit("production", signal);
  expect(breaches).toEqual([expect.objectContaining({ message: expect.stringMatching(why) as string })]);
});

test("a checkpoint with an entry that was never written is no way to add one", async () => {
  const place = repository();
  const [first] = await write(place, 1);
  const invented = entryAfter(first, { reason: "invented" });
  const content = JSON.stringify({ entries: [first, invented] });
  const type = "application/vnd.modelgate.ledger.checkpoint.v1+json";
  const layer = await place.oci.pushBlob(bytesSource(utf8(content)), null, signal);
  const layers = [{ mediaType: type, digest: layer.digest, size: layer.size }];
  const digest = await forge(place.oci, "x", content, { layers });
  place.oci.tagged.set(`modelgate-checkpoint-production-2-${hex(digest)}`, digest);
  expect(await problems(place)).toEqual([expect.stringContaining(`the entry ${entryDigest(invented)} is gone`)]);
});

test("a head that names nothing is named", async () => {
  const place = repository();
  await write(place, 1);
  await forge(place.oci, head, "{}");
  expect(await problems(place)).toEqual([expect.stringMatching(/its head cannot be read/)]);
});

test("a head that names an entry that never was is named", async () => {
  const place = repository();
  await write(place, 1);
  await forge(place.oci, head, "{}", { annotations: { "dev.modelgate.ledger.tip": sha256("nothing") } });
  expect(await problems(place)).toEqual([expect.stringContaining(`the entry ${sha256("nothing")} is gone`)]);
});

test("an entry that goes away while a run is at work is missed by that run", async () => {
  const place = repository();
  const entries = await write(place, 2);
  for (const tag of [tagOf(entries[1]!), head]) place.oci.tagged.delete(tag);
  const read = place.ledger.read("production", signal);
  await expect(read).rejects.toThrow(/is gone; it is known from this run, which read it before/);
});

test("a registry that does not answer is no broken ledger", async () => {
  const place = repository();
  await write(place, 3);
  place.oci.manifest = () => Promise.reject(new Error("no route to host"));
  await expect(place.fresh().read("production", signal)).rejects.toThrow("no route to host");
  await expect(place.fresh().audit("production", signal)).rejects.toThrow("no route to host");
});
