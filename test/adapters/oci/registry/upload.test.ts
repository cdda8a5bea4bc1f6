import { expect, test } from "vitest";
import type { BlobSource } from "../../../../src/adapters/oci/store.ts";
import { sha256 } from "../../../../src/domain/digest.ts";
import { blobOf, readAll, storeOf, token } from "../../../fakes/registry/user.ts";
import { FakeRegistry } from "../../../fakes/registry.ts";

const { signal } = new AbortController();

test("an unknown digest takes one request with the body, read once", async () => {
  await using registry = await FakeRegistry.start();
  const blob = blobOf(1_000_000);
  await storeOf(registry).pushBlob(blob, null, signal);
  expect(blob.opened).toBe(1);
  expect(registry.seen.map(({ line }) => line.replace(/uploads\/.*$/, "uploads/"))).toEqual([
    "POST /v2/acme/digits/blobs/uploads/",
    "PATCH /v2/acme/digits/blobs/uploads/",
    "PUT /v2/acme/digits/blobs/uploads/",
  ]);
  expect(registry.uploadedBytes).toBe(1_000_000);
});

test("a known digest is asked for, then sent by one PUT", async () => {
  await using registry = await FakeRegistry.start();
  await storeOf(registry).pushBlob(blobOf(100_000, true), null, signal);
  expect(registry.seen.map(({ line }) => line.split(" ")[0])).toEqual(["HEAD", "POST", "PUT"]);
});

test("a mount sends nothing; a refused mount sends the blob", async () => {
  for (const [mount, sent] of [
    ["mounts", 0],
    ["does not", 50_000],
    ["refuses", 50_000],
  ] as const) {
    await using registry = await FakeRegistry.start({ mount });
    const blob = blobOf(50_000, true);
    registry.repository("acme/base").blobs.set(sha256(blob.bytes), blob.bytes);
    expect((await storeOf(registry).pushBlob(blob, "acme/base", signal)).sent).toBe(sent);
    expect(registry.uploadedBytes).toBe(sent);
  }
});

test("a mount asks for a token that reads the other repository, and does without where that is not granted", async () => {
  for (const [withholds, sent] of [
    [/^$/, 0],
    [/base/, 50_000],
  ] as const) {
    await using registry = await FakeRegistry.start({ access: { ...token, withholds } });
    const blob = blobOf(50_000, true);
    registry.repository("acme/base").blobs.set(sha256(blob.bytes), blob.bytes);
    expect((await storeOf(registry).pushBlob(blob, "acme/base", signal)).sent).toBe(sent);
    if (sent === 0)
      expect(registry.access.given).toContainEqual(["repository:acme/digits:pull,push", "repository:acme/base:pull"]);
  }
});

test("what a host refused is not tried there again", async () => {
  await using registry = await FakeRegistry.start({ noPatch: true });
  const store = storeOf(registry);
  await store.pushBlob(blobOf(1000), null, signal);
  expect(registry.lines(/^PATCH/)).toHaveLength(1);
  await store.pushBlob(blobOf(2000), null, signal);
  await storeOf(registry, "acme/other").pushBlob(blobOf(3000), null, signal);
  expect(registry.lines(/^PATCH/)).toHaveLength(1);
});

test("the pieces of the last way are as long as the registry wants them", async () => {
  for (const [leastPiece, first] of [
    [0, 4 * 2 ** 20],
    [6 * 2 ** 20, 6 * 2 ** 20],
    [2 ** 50, 9_000_000],
  ] as const) {
    await using registry = await FakeRegistry.start({
      noPut: true,
      longestBody: Math.min(8 * 2 ** 20, first),
      leastPiece,
    });
    if (leastPiece > 2 ** 30) registry.switches.noPatch = true;
    const pushed = storeOf(registry).pushBlob(blobOf(9_000_000, true), null, signal);
    if (leastPiece > 2 ** 30) {
      await expect(pushed).rejects.toMatchObject({ problem: { code: "registry.refused" } });
      continue;
    }
    await pushed;
    const pieces = registry.seen
      .filter(({ line, bytes }) => line.startsWith("PATCH") && bytes > 0)
      .map(({ bytes }) => bytes);
    expect(pieces.slice(-Math.ceil(9_000_000 / first))[0]).toBe(first);
  }
});

test("a digest that the registry calls wrong is not sent another way", async () => {
  await using registry = await FakeRegistry.start({
    troubles: [{ when: /^PUT/, status: 400, code: "DIGEST_INVALID" }],
  });
  await expect(storeOf(registry).pushBlob(blobOf(1000, true), null, signal)).rejects.toMatchObject({
    problem: { code: "registry.digest", message: expect.stringContaining("DIGEST_INVALID: as it was told") as string },
  });
  expect(registry.lines(/^(PUT|PATCH)/)).toHaveLength(1);
});

test.each(["POST", "PATCH", "PUT", "HEAD", "GET"])(
  "a %s that is answered by 500 twice and then well succeeds",
  async (method) => {
    const troubles = [500, 503].map((status) => ({ when: new RegExp(`^${method} `), status, retryAfter: "0" }));
    await using registry = await FakeRegistry.start({ troubles });
    const store = storeOf(registry);
    const blob = blobOf(300_000);
    const { digest } = await store.pushBlob(blob, null, signal);
    expect(await store.has(digest, signal)).toBe(true);
    expect((await readAll(store, blob)).equals(blob.bytes)).toBe(true);
    expect(registry.switches.troubles).toEqual([]);
  },
);

test("a registry that asks for patience gets it, also while a body is sent", async () => {
  const troubles = [/^POST/, /^PATCH/, /^PUT/].map((when) => ({ when, status: 429, retryAfter: "0" }));
  await using registry = await FakeRegistry.start({ troubles });
  expect((await storeOf(registry).pushBlob(blobOf(1000), null, signal)).sent).toBe(1000);
  expect(registry.switches.troubles).toEqual([]);
});

test("a registry that stays in trouble is given up, with its name, what was done and its own words", async () => {
  const troubles = Array.from({ length: 9 }, () => ({
    when: /^PATCH/,
    status: 503,
    code: "UNAVAILABLE",
    retryAfter: "0",
  }));
  await using registry = await FakeRegistry.start({ troubles });
  await expect(storeOf(registry).pushBlob(blobOf(1000), null, signal)).rejects.toMatchObject({
    retryable: true,
    side: `registry ${registry.host}`,
    problem: {
      code: "registry.refused",
      message: `${registry.host} answered 503 to uploading a layer in acme/digits (UNAVAILABLE: as it was told)`,
    },
  });
  expect(registry.lines(/^PATCH/)).toHaveLength(4);
  expect(registry.uploads.size).toBe(0);
});

test.each([
  { cut: 0, known: false },
  { cut: 0.5, known: false },
  { cut: 0.99, known: false },
  { cut: 0, known: true },
  { cut: 0.5, known: true },
  { cut: 0.99, known: true },
])("an upload cut at $cut (digest known: $known) is sent again where it cannot go on", async ({ cut, known }) => {
  await using registry = await FakeRegistry.start({ cuts: [cut, cut] });
  const store = storeOf(registry);
  const blob = blobOf(1_000_000, known);
  await store.pushBlob(blob, null, signal);
  expect((await readAll(store, blob)).equals(blob.bytes)).toBe(true);
  expect(blob.opened).toBe(3);
  expect(registry.uploads.size).toBe(0);
});

test.each([false, true])(
  "an upload that is cut again and again goes on where it stopped (digest known: %s)",
  async (known) => {
    await using registry = await FakeRegistry.start({ resumes: true, cuts: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5] });
    const store = storeOf(registry);
    const blob = blobOf(1_000_000, known);
    await store.pushBlob(blob, null, signal);
    expect((await readAll(store, blob)).equals(blob.bytes)).toBe(true);
    expect(registry.lines(/^POST/)).toHaveLength(1);
  },
);

test("a commit whose answer is lost is found to be done", async () => {
  await using registry = await FakeRegistry.start({ troubles: [{ when: /^PUT/, status: 0, after: true }] });
  expect((await storeOf(registry).pushBlob(blobOf(1000), null, signal)).sent).toBe(1000);
  expect(registry.lines(/^PATCH/)).toHaveLength(1);
});

test("an upload that is stopped is cancelled at the registry", async () => {
  await using registry = await FakeRegistry.start();
  const stop = new AbortController();
  const blob = blobOf(1_000_000);
  const stopping: BlobSource = {
    ...blob,
    async *open(inner) {
      yield blob.bytes.subarray(0, 1000);
      stop.abort(new Error("enough"));
      inner.throwIfAborted();
    },
  };
  await expect(storeOf(registry).pushBlob(stopping, null, stop.signal)).rejects.toThrow("enough");
  expect(registry.lines(/^DELETE/)).toHaveLength(1);
  expect(registry.uploads.size).toBe(0);
});
