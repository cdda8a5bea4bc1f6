import { describe, expect, test } from "vitest";
import { createEvidenceStore, createLedgerStore } from "../../src/adapters/evidence/index.ts";
import type { OciStore } from "../../src/adapters/oci/store.ts";
import { byDigest, tips } from "../../src/domain/history.ts";
import type { Image } from "../../src/domain/image.ts";
import { type LedgerEntry, lastDone, openActs } from "../../src/domain/ledger.ts";
import { WorldError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { LedgerStore } from "../../src/ports/ledger-store.ts";
import type { Platform } from "../../src/ports/platform.ts";
import { isWithheld, promote } from "../../src/stages/promote.ts";
import { rollback } from "../../src/stages/rollback.ts";
import { fakeClock } from "../fakes/clock.ts";
import { type Death, deathAt, Killed, mortal } from "../fakes/death.ts";
import { putImage } from "../fakes/image.ts";
import { fakePlatform } from "../fakes/platform.ts";
import { proofOf } from "../fakes/proof.ts";
import { releaseOf } from "../fakes/release.ts";
import { data, policy, verdictEvidence, verdictFor } from "../fakes/verdict.ts";

const { signal } = new AbortController();
const writes = new Set(["pushBlob", "putManifest", "deploy", "remove"]);
/** Longer than a lease and what clocks may differ by: the run that died is a process of this machine that lives. */
const later = 32 * 60_000;

/** An environment whose runs each open the repository anew. */
async function environment(open: () => OciStore) {
  const clock = fakeClock();
  const platform = fakePlatform();
  const releases = new Map<string, Release>();
  const oci = open();
  const evidence = createEvidenceStore({ openStore: () => oci, signer: null, verifier: null });
  let runs = 0;

  const options = (death: Death | null, fields: { ledger?: LedgerStore; platform?: Platform } = {}) => {
    const own = death ? mortal(open(), death, writes) : open();
    const run = `https://ci.example/runs/${++runs}`;
    return {
      environment: "production",
      platform: death ? mortal<Platform>(platform, death, writes) : platform,
      evidence: createEvidenceStore({ openStore: () => own, signer: null, verifier: null }),
      ledger: createLedgerStore(own, clock),
      clock,
      source: { actor: "ada", commit: "c0ffee", run },
      reason: "because",
      describe: (image: Image) => Promise.resolve(releases.get(image.digest)!),
      note: () => undefined,
      signal,
      ...fields,
    };
  };
  const expectations = { policyDigest: policy, dataDigest: data, maxAgeMs: 1e9, signed: false };
  return {
    clock,
    platform,
    async proved(name: string): Promise<Release> {
      const release = { ...releaseOf(name), image: await putImage(oci, name) };
      releases.set(release.image.digest, release);
      for (const kind of ["validation", "provenance", "smoke"] as const)
        await evidence.attach(proofOf(release, kind), signal);
      const evaluation = await evidence.attach(proofOf(release, "evaluation"), signal);
      await evidence.attach(verdictEvidence(release, verdictFor(release, { evaluation })), signal);
      return release;
    },
    async promote(
      release: Release,
      death: Death | null = null,
      fields: { ledger?: LedgerStore; platform?: Platform } = {},
    ) {
      const approve = async () => ({ state: "not-needed" as const });
      const result = await promote({ ...options(death, fields), release, expectations, approve });
      if (isWithheld(result)) throw new Error(`the promotion is ${result.state}`);
      return result;
    },
    rollback: (death: Death | null = null) => rollback({ ...options(death), signed: false }),
    ledger: () => createLedgerStore(open(), clock),
    read: () => createLedgerStore(open(), clock).read("production", signal),
    /** Reads everything; nothing may be wrong. */
    async sound(): Promise<readonly LedgerEntry[]> {
      const { entries, breaches } = await createLedgerStore(open(), clock).audit("production", signal);
      expect(breaches).toEqual([]);
      return entries;
    },
  };
}

const isLocked = (error: unknown): boolean => error instanceof WorldError && error.problem.code === "promote.locked";

/** What a promotion is over any store: killed anywhere it converges, run twice it is once, and no two are at the platform at once. */
export function promotionContract(name: string, make: () => Promise<() => OciStore>): void {
  describe(`promotion ${name}`, () => {
    test.each(["before", "after"] as const)("killed %s any write and run again, it converges", async (when) => {
      const env = await environment(await make());
      const [first, second] = [await env.proved("a"), await env.proved("b")];
      await env.promote(first);
      const death = deathAt(0, when);
      // Each round goes on where the last one ended: from one release to the other.
      for (let at = 1; at === 1 || death.dead; at++) {
        const [from, to] = at % 2 === 1 ? [first, second] : [second, first];
        expect(env.platform.running?.image).toEqual(from.image);
        Object.assign(death, deathAt(at, when));
        await env.promote(to, death).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        const left = await env.sound();
        const claimed = lastDone(left)!.image.digest;
        if (openActs(left).length === 0) expect(claimed, `${at}`).toBe(env.platform.running?.image.digest);
        env.clock.advance(later);
        await env.promote(to);
        const entries = await env.sound();
        expect(lastDone(entries), `killed ${when} write ${at}`).toMatchObject({ image: to.image });
        expect(openActs(entries), `killed ${when} write ${at}`).toEqual([]);
        expect(env.platform.running).toMatchObject({ image: to.image, modelDigest: to.model.digest });
      }
      expect(death.calls).toBeGreaterThan(10);
    });

    test("a rollback that was killed at any write, and run again, takes back one release and no more", async () => {
      const env = await environment(await make());
      const releases = [await env.proved("a"), await env.proved("b")];
      const death = deathAt(0, "after");
      for (let at = 1; at === 1 || death.dead; at++) {
        for (const release of releases) await env.promote(release);
        Object.assign(death, deathAt(at, "after"));
        await env.rollback(death).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        env.clock.advance(later);
        // A rollback that ended before it died is done: another one would go further back.
        const ended = lastDone(await env.sound())!;
        if (ended.act !== "rollback") await env.rollback();
        expect(env.platform.running?.image, `killed after write ${at}`).toEqual(releases[0]!.image);
        expect(openActs(await env.sound())).toEqual([]);
      }
      expect(death.calls).toBeGreaterThan(10);
    });

    test("promotions at the same moment take their turns, and the ledger has each that was done", async () => {
      const env = await environment(await make());
      const releases = [];
      for (const each of ["a", "b", "c", "d", "e", "f"]) releases.push(await env.proved(each));
      let inside = 0;
      let most = 0;
      const platform: Platform = {
        ...env.platform,
        async deploy(...args) {
          most = Math.max(most, ++inside);
          try {
            await env.read();
            return await env.platform.deploy(...args);
          } finally {
            inside--;
          }
        },
        current: (stop) => env.platform.current(stop),
      };
      const ended = await Promise.allSettled(releases.map((release) => env.promote(release, null, { platform })));
      const done = releases.filter((_, index) => ended[index]!.status === "fulfilled");
      for (const each of ended) if (each.status === "rejected") expect(isLocked(each.reason)).toBe(true);
      expect(done.length).toBeGreaterThan(0);
      expect(most).toBe(1);
      const entries = await env.sound();
      expect(openActs(entries)).toEqual([]);
      const written = entries.filter(({ phase }) => phase === "done").map(({ image }) => image.digest);
      expect(written.toSorted()).toEqual(done.map(({ image }) => image.digest).toSorted());
      expect(lastDone(entries)!.image).toEqual(env.platform.running!.image);
    });

    test("behind a lease that fails, at most one of those who begin together reaches the platform, and it can be run again", async () => {
      const env = await environment(await make());
      const releases = [await env.proved("a"), await env.proved("b"), await env.proved("c")];
      let waiting = 0;
      const ready = Promise.withResolvers<void>();
      /** A ledger that lends to everybody, and lets nobody begin before all have read. */
      const broken = (): LedgerStore => {
        const ledger = env.ledger();
        let reads = 0;
        return {
          ...ledger,
          async read(...args) {
            const entries = await ledger.read(...args);
            if (reads++ > 0) return entries;
            if (++waiting === releases.length) ready.resolve();
            await ready.promise;
            return entries;
          },
          lease: async (_environment, owner, milliseconds) => ({
            id: `lent to ${owner} too`,
            owner,
            expires: new Date(env.clock.now().getTime() + milliseconds),
            [Symbol.asyncDispose]: () => Promise.resolve(),
          }),
        };
      };
      const ended = await Promise.allSettled(
        releases.map((release) => env.promote(release, null, { ledger: broken() })),
      );
      for (const each of ended) if (each.status === "rejected") expect(isLocked(each.reason)).toBe(true);
      const reached = ended.filter(({ status }) => status === "fulfilled").length;
      expect(reached).toBeLessThanOrEqual(1);
      expect(env.platform.deployed).toHaveLength(reached);
      const entries = await env.sound();
      expect(entries.filter(({ phase }) => phase === "intended")).toHaveLength(releases.length);
      expect(openActs(entries)).toEqual([]);
      // What runs already would add no entry, and so join no tips.
      const next = releases.find(({ image }) => image.digest !== env.platform.running?.image.digest)!;
      await env.promote(next);
      expect(lastDone(await env.sound())!.image).toEqual(next.image);
      expect(tips(byDigest(await env.sound()))).toHaveLength(1);
    });

    test("run again, and with every entry and artifact written again, it changes nothing", async () => {
      const open = await make();
      const env = await environment(open);
      const [a, b] = [await env.proved("a"), await env.proved("b")];
      await env.promote(a);
      await env.promote(b);
      const before = await env.sound();
      expect((await env.promote(b)).deployment).toBeNull();
      for (const entry of before) await env.ledger().append(entry, signal);
      const oci = open();
      for (const tag of await oci.tags("modelgate-", signal)) {
        const manifest = await oci.manifest(tag, signal);
        await oci.putManifest({ ...manifest!, tag }, signal);
      }
      expect(await env.sound()).toEqual(before);
      expect(env.platform.deployed).toHaveLength(2);
      await env.rollback();
      expect(env.platform.running?.image).toEqual(a.image);
    });
  });
}
