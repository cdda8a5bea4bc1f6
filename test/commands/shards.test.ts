import { describe, expect, test } from "vitest";
import { leaveShard, leftShards, sharingOf } from "../../src/commands/shards.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Shard } from "../../src/domain/shard.ts";
import type { EvidenceStore, StoredEvidence } from "../../src/ports/evidence-store.ts";

const { signal } = new AbortController();
const image = { repository: "r.example/m", digest: sha256("image") };
const release = { image, model: { digest: sha256("model") } } as Release;
const data = { digest: sha256("data"), rows: 4 };
const seen = { image, modelDigest: sha256("model") };
const answer = { prediction: { value: 1, scores: null, oddSum: null }, partner: null, status: "ok", latency: 3 };

const shard = (index: number, of: number, fields: Partial<Shard> = {}): Shard => ({
  ...{ part: { index, of }, subject: { before: seen, after: seen }, champion: { image: null, source: "none" }, data },
  ...{ reading: sha256("reading"), rows: [index - 1], candidate: [answer], other: null },
  ...fields,
});

/** A workshop whose evidence is a list, newest first; statements are of the run, signed as it says. */
function workshop(run: string | null, { signed = false, signature = "unsigned" } = {}) {
  const stored: StoredEvidence[] = [];
  const notes: string[] = [];
  const evidence: EvidenceStore = {
    async attach({ kind, modelDigest, at, by, body }) {
      const digest = sha256(JSON.stringify([body, stored.length]));
      stored.unshift({ digest, kind, modelDigest, at, by, body, signature: { status: signature } as never });
      return digest;
    },
    list: async () => stored,
  };
  const source = { actor: "ada", commit: null, run, repository: null, ref: null, workflow: null };
  const shop = {
    evidence,
    clock: { now: () => new Date(0) },
    host: { source, note: (text: string) => void notes.push(text) },
    config: { signing: { method: signed ? "key" : "none" } },
  } as unknown as Workshop;
  return {
    shop,
    notes,
    of: (other: string | null) => ({ ...shop, host: { ...shop.host, source: { ...source, run: other } } }),
  };
}

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return `${error.problems[0]!.code}: ${error.problems[0]!.message}`;
  throw new Error("expected a user's error", { cause: error });
};

describe("what is asked of the rows", () => {
  test.each([
    [null, null],
    ["all", "merge"],
    ["2/5", { ask: { index: 2, of: 5 } }],
  ])("%s", (written, sharing) => {
    expect(sharingOf({ shard: written })).toEqual(sharing);
  });

  test.each(["", "5", "6/5", "ALL", "1/5 "])("%j is no part", (written) => {
    expect(() => sharingOf({ shard: written })).toThrow("is no part of the rows");
  });
});

describe("parts that were left", () => {
  test("are found again, in order, as they were", async () => {
    const { shop } = workshop(null);
    for (const index of [2, 1]) await leaveShard(shop, release, shard(index, 2), signal);
    expect(await leftShards(shop, release, data.digest, signal)).toEqual([shard(1, 2), shard(2, 2)]);
  });

  test("the newest of each counts, and the newest says how many there are", async () => {
    const { shop } = workshop(null);
    for (const one of [shard(1, 3), shard(1, 2), shard(2, 2), shard(2, 2, { rows: [3] })])
      await leaveShard(shop, release, one, signal);
    expect(await leftShards(shop, release, data.digest, signal)).toEqual([shard(1, 2), shard(2, 2, { rows: [3] })]);
  });

  test("one that is missing is named", async () => {
    const { shop } = workshop(null);
    await leaveShard(shop, release, shard(2, 3), signal);
    expect(await refusal(leftShards(shop, release, data.digest, signal))).toMatch(
      /evaluate.shards: .*shards 1\/3, 3\/3 left no answers/,
    );
  });

  test("of other data, and of another run, do not count", async () => {
    const { shop, of } = workshop("https://git.example/runs/1");
    await leaveShard(shop, release, shard(1, 1), signal);
    expect(await leftShards(shop, release, data.digest, signal)).toHaveLength(1);
    expect(await refusal(leftShards(shop, release, sha256("other"), signal))).toMatch(/1\/1 left no answers/);
    expect(await refusal(leftShards(of("https://git.example/runs/2"), release, data.digest, signal))).toMatch(
      /in this run/,
    );
    expect(await leftShards(of(null), release, data.digest, signal)).toHaveLength(1);
  });

  test("unsigned ones do not count where evidence is signed, and that is told", async () => {
    const { shop, notes } = workshop(null, { signed: true });
    await leaveShard(shop, release, shard(1, 1), signal);
    expect(await refusal(leftShards(shop, release, data.digest, signal))).toMatch(/evaluate.shards/);
    expect(notes[0]).toMatch(/shard evidence .* does not count: it is not signed/);
  });

  test("one that cannot be read is no part", async () => {
    const { shop } = workshop(null);
    await leaveShard(shop, release, { ...shard(1, 1), rows: [0, 1] }, signal);
    expect(await refusal(leftShards(shop, release, data.digest, signal))).toMatch(
      /release.unreadable: .*not an answer for each/,
    );
  });
});
