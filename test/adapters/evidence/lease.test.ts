import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLedgerStore } from "../../../src/adapters/evidence/index.ts";
import { inTurn, listedClaims } from "../../../src/adapters/evidence/ledger/claims.ts";
import { bytesSource, emptyConfig, mediaTypes } from "../../../src/adapters/oci/content.ts";
import { layoutStore } from "../../../src/adapters/oci/layout.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { memoryStore } from "../../fakes/oci-store.ts";

const { signal } = new AbortController();
const locked = { problem: { code: "promote.locked" } };

function repository() {
  const oci = memoryStore();
  const clock = fakeClock();
  const patience = 300;
  const another = createLedgerStore(oci, clock, patience);
  return { oci, clock, ledger: createLedgerStore(oci, clock, patience), another };
}
type Place = ReturnType<typeof repository>;

const claims = ({ oci }: Place): string[] =>
  [...oci.tagged.keys()].filter((tag) => tag.startsWith("modelgate-lease-") && !tag.endsWith("-ended"));

/** Does something once, when the first claim has been put. */
function whenClaimed({ oci }: Place, what: () => Promise<unknown>): void {
  const put = oci.putManifest;
  oci.putManifest = async (manifest, stop) => {
    const digest = await put(manifest, stop);
    if (manifest.tag?.startsWith("modelgate-lease-")) {
      oci.putManifest = put;
      await what();
    }
    return digest;
  };
}

/** Puts the claim of a run on another machine. */
async function claim({ oci }: Place, expires: Date, id: string, text = "{}"): Promise<string> {
  const { digest, size } = await oci.pushBlob(bytesSource(emptyConfig), null, signal);
  const config = { mediaType: mediaTypes.empty, digest, size };
  const body = { schemaVersion: 2, config, layers: [], annotations: { "dev.modelgate.lease": text } };
  const tag = `modelgate-lease-production-${expires.getTime()}-${id.repeat(32)}`;
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  await oci.putManifest({ mediaType: mediaTypes.manifest, bytes, tag }, signal);
  return tag;
}

const elsewhere = (owner: string): string =>
  JSON.stringify({ owner, holder: { machine: "another", pid: 1, started: "then" } });

test("a lease leaves tags that are never moved, and says nothing of itself once it was given back", async () => {
  const place = repository();
  const lease = await place.ledger.lease("production", "ada", 60_000, signal);
  const [tag] = claims(place);
  expect(tag).toMatch(new RegExp(`^modelgate-lease-production-\\d{13}-${lease.id}$`));
  await lease[Symbol.asyncDispose]();
  expect([...place.oci.tagged.keys()]).toEqual([tag, `${tag}-ended`]);
});

test("who asks while somebody holds it leaves nothing behind", async () => {
  const place = repository();
  await using _lease = await place.ledger.lease("production", "ada", 60_000, signal);
  await expect(place.another.lease("production", "grace", 60_000, signal)).rejects.toMatchObject(locked);
  expect(claims(place)).toHaveLength(1);
});

test("of two who claim it at the same moment, the one whose turn is later withdraws at once", async () => {
  const place = repository();
  // Its lease ends earlier, so it goes first.
  whenClaimed(place, () => claim(place, new Date(place.clock.now().getTime() + 1000), "0", elsewhere("grace")));
  await expect(place.ledger.lease("production", "ada", 60_000, signal)).rejects.toThrow(/grace holds it/);
  const [own] = claims(place).filter((tag) => !tag.includes("00000000"));
  expect(place.oci.tagged.has(`${own}-ended`)).toBe(true);
});

test("who goes first waits until the other has withdrawn", async () => {
  const place = repository();
  whenClaimed(place, async () => {
    const later = new Date(place.clock.now().getTime() + 120_000);
    const tag = await claim(place, later, "f", elsewhere("grace"));
    const { tags } = place.oci;
    let looks = 0;
    place.oci.tags = async (...args) => {
      looks += 1;
      if (looks === 3) place.oci.tagged.set(`${tag}-ended`, place.oci.tagged.get(tag)!);
      return tags(...args);
    };
  });
  await using lease = await place.ledger.lease("production", "ada", 60_000, signal);
  expect(lease.owner).toBe("ada");
});

test("who goes first and finds that the other stays gives up, and withdraws", async () => {
  const place = repository();
  whenClaimed(place, () => claim(place, new Date(place.clock.now().getTime() + 120_000), "f", elsewhere("grace")));
  await expect(place.ledger.lease("production", "ada", 60_000, signal)).rejects.toThrow(/grace holds it until/);
  const [own] = claims(place).filter((tag) => !tag.includes("ffffffff"));
  expect(place.oci.tagged.has(`${own}-ended`)).toBe(true);
});

test("a registry that does not list what was just put there is not believed", async () => {
  const place = repository();
  place.oci.tags = () => Promise.resolve([]);
  await expect(place.ledger.lease("production", "ada", 60_000, signal)).rejects.toThrow(/does not list the claim/);
});

test("a run that is told to stop while it waits withdraws", async () => {
  const place = repository();
  const stop = new AbortController();
  whenClaimed(place, async () => {
    await claim(place, new Date(place.clock.now().getTime() + 120_000), "f", elsewhere("grace"));
    const { tags } = place.oci;
    place.oci.tags = (...args) => (stop.abort(new Error("enough")), tags(...args));
  });
  await expect(place.ledger.lease("production", "ada", 60_000, stop.signal)).rejects.toThrow("enough");
  const [own] = claims(place).filter((tag) => !tag.includes("ffffffff"));
  expect(place.oci.tagged.has(`${own}-ended`)).toBe(true);
});

test("a claim that cannot be read holds until it runs out", async () => {
  const place = repository();
  await claim(place, new Date(place.clock.now().getTime() + 60_000), "a", "{");
  await expect(place.ledger.lease("production", "grace", 1000, signal)).rejects.toThrow(/somebody holds it until/);
  place.clock.advance(120_000);
  await using lease = await place.ledger.lease("production", "grace", 1000, signal);
  expect(lease.owner).toBe("grace");
});

test("claims that ran out or were ended are not read", async () => {
  const place = repository();
  await claim(place, new Date(place.clock.now().getTime() - 3_600_000), "a", elsewhere("ada"));
  await (await place.ledger.lease("production", "ada", 60_000, signal))[Symbol.asyncDispose]();
  const { manifest } = place.oci;
  const read: string[] = [];
  place.oci.manifest = (reference, stop) => (read.push(reference), manifest(reference, stop));
  await using lease = await place.another.lease("production", "grace", 60_000, signal);
  expect(read.filter((reference) => !reference.endsWith(lease.id))).toEqual([]);
});

test("a lease that cannot be given back does not hide the outcome of the act", async () => {
  const place = repository();
  const lease = await place.ledger.lease("production", "ada", 1000, signal);
  place.oci.manifest = () => Promise.reject(new Error("no route to host"));
  await expect(lease[Symbol.asyncDispose]()).resolves.toBeUndefined();
});

test("tags of other environments and other uses are no claims", () => {
  const id = "a".repeat(32);
  const mine = `modelgate-lease-prod-1800000000000-${id}`;
  const tags = [mine, `modelgate-lease-prod-eu-1800000000000-${id}`, `modelgate-lease-prod-${id}`, "latest"];
  const now = new Date(1_700_000_000_000);
  expect(listedClaims("prod", tags, now)).toEqual([{ id, expires: new Date(1_800_000_000_000) }]);
  expect(listedClaims("prod", [...tags, `${mine}-ended`], now)).toEqual([]);
});

test("everybody sees claims in the same turn, the one that ends first first", () => {
  const at = (expires: number, id: string) => ({ expires: new Date(expires), id });
  const turn = [at(1, "b"), at(2, "a"), at(2, "b")];
  expect(turn.toReversed().toSorted(inTurn)).toEqual(turn);
  expect(inTurn(at(1, "a"), at(1, "a"))).toBe(0);
});

test("the lease of a process of this machine that was killed is taken over at once, and its claim is ended", async () => {
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
  const oci = layoutStore("embedded/digits", folder);
  const ledger = createLedgerStore(oci, fakeClock());
  await expect(ledger.lease("production", "grace", 1000, signal)).rejects.toThrow(/ada holds it/);
  child.kill("SIGKILL");
  await once(child, "exit");
  await using lease = await ledger.lease("production", "grace", 1000, signal);
  expect(lease.owner).toBe("grace");
  expect((await oci.tags("modelgate-lease-", signal)).filter((tag) => tag.endsWith("-ended"))).toHaveLength(1);
});
