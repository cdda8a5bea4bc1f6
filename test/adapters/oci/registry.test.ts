import { expect, test } from "vitest";
import { emptyConfig, mediaTypes } from "../../../src/adapters/oci/content.ts";
import { createOpenStore } from "../../../src/adapters/oci/open.ts";
import { Authorization } from "../../../src/adapters/oci/registry/auth.ts";
import type { BlobSource, OciStore } from "../../../src/adapters/oci/store.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import type { Switches } from "../../fakes/registry/switches.ts";
import { FakeRegistry } from "../../fakes/registry.ts";

const { signal } = new AbortController();
const login = { username: "ada", password: "s3cret:pass" };
const token = { kind: "token", ...login, seconds: 300, uses: 1e9, withholds: /^$/ } as const;

function storeOf(
  registry: FakeRegistry,
  repository = "acme/digits",
  credentials: typeof login | null = login,
): OciStore {
  const auths = credentials
    ? { [registry.host]: { auth: btoa(`${credentials.username}:${credentials.password}`) } }
    : {};
  return createOpenStore({
    layoutFolder: "/nowhere",
    dockerConfig: { auths },
    runHelper: () => Promise.reject(new Error("no helper is configured")),
  })(`${registry.host}/${repository}`);
}

const start = (switches: Partial<Switches> = {}) => FakeRegistry.start(switches);

function blobOf(size: number, known = false): BlobSource & { bytes: Buffer; opened: number } {
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 255));
  const blob = {
    bytes,
    opened: 0,
    size,
    digest: known ? sha256(bytes) : null,
    async *open() {
      blob.opened++;
      for (let at = 0; at < size; at += 60_000) yield bytes.subarray(at, at + 60_000);
    },
  };
  return blob;
}

async function readAll(store: OciStore, blob: { bytes: Buffer }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.blob(sha256(blob.bytes), signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("an unknown digest takes one request with the body, read once", async () => {
  await using registry = await start();
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
  await using registry = await start();
  await storeOf(registry).pushBlob(blobOf(100_000, true), null, signal);
  expect(registry.seen.map(({ line }) => line.split(" ")[0])).toEqual(["HEAD", "POST", "PUT"]);
});

test("a mount sends nothing; a refused mount sends the blob", async () => {
  for (const [mount, sent] of [
    ["mounts", 0],
    ["does not", 50_000],
    ["refuses", 50_000],
  ] as const) {
    await using registry = await start({ mount });
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
    await using registry = await start({ access: { ...token, withholds } });
    const blob = blobOf(50_000, true);
    registry.repository("acme/base").blobs.set(sha256(blob.bytes), blob.bytes);
    expect((await storeOf(registry).pushBlob(blob, "acme/base", signal)).sent).toBe(sent);
    if (sent === 0)
      expect(registry.access.given).toContainEqual(["repository:acme/digits:pull,push", "repository:acme/base:pull"]);
  }
});

test("what a host refused is not tried there again", async () => {
  await using registry = await start({ noPatch: true });
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
    await using registry = await start({ noPut: true, longestBody: Math.min(8 * 2 ** 20, first), leastPiece });
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
  await using registry = await start({ troubles: [{ when: /^PUT/, status: 400, code: "DIGEST_INVALID" }] });
  await expect(storeOf(registry).pushBlob(blobOf(1000, true), null, signal)).rejects.toMatchObject({
    problem: { code: "registry.digest", message: expect.stringContaining("DIGEST_INVALID: as it was told") as string },
  });
  expect(registry.lines(/^(PUT|PATCH)/)).toHaveLength(1);
});

test.each(["POST", "PATCH", "PUT", "HEAD", "GET"])(
  "a %s that is answered by 500 twice and then well succeeds",
  async (method) => {
    const troubles = [500, 503].map((status) => ({ when: new RegExp(`^${method} `), status, retryAfter: "0" }));
    await using registry = await start({ troubles });
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
  await using registry = await start({ troubles });
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
  await using registry = await start({ troubles });
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
  await using registry = await start({ cuts: [cut, cut] });
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
    await using registry = await start({ resumes: true, cuts: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5] });
    const store = storeOf(registry);
    const blob = blobOf(1_000_000, known);
    await store.pushBlob(blob, null, signal);
    expect((await readAll(store, blob)).equals(blob.bytes)).toBe(true);
    expect(registry.lines(/^POST/)).toHaveLength(1);
  },
);

test("a commit whose answer is lost is found to be done", async () => {
  await using registry = await start({ troubles: [{ when: /^PUT/, status: 0, after: true }] });
  expect((await storeOf(registry).pushBlob(blobOf(1000), null, signal)).sent).toBe(1000);
  expect(registry.lines(/^PATCH/)).toHaveLength(1);
});

test("an upload that is stopped is cancelled at the registry", async () => {
  await using registry = await start();
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

test("uploads to another host and blobs behind a redirect get no authorization", async () => {
  await using registry = await start({ location: "other host", redirects: true, access: { kind: "basic", ...login } });
  const store = storeOf(registry);
  const blob = blobOf(100_000);
  await store.pushBlob(blob, null, signal);
  expect((await readAll(store, blob)).equals(blob.bytes)).toBe(true);
  const strangers = registry.seen.filter(({ otherHost }) => otherHost);
  expect(strangers.map(({ line }) => line.split(" ")[0])).toEqual(["PATCH", "PUT", "GET"]);
  expect(strangers.map(({ authorization }) => authorization)).toEqual([undefined, undefined, undefined]);
});

test("reading asks for the right to pull alone", async () => {
  await using registry = await start({ access: token });
  await storeOf(registry, "acme/base", null).manifest("latest", signal);
  expect(registry.access.given).toEqual([["repository:acme/base:pull"]]);
});

test("reading asks for more where pulling alone is refused", async () => {
  await using registry = await start({ access: { ...token, uses: 0 } });
  await expect(storeOf(registry).manifest("latest", signal)).rejects.toMatchObject({
    problem: { code: "registry.denied" },
  });
  expect(registry.access.given).toEqual([["repository:acme/digits:pull"], ["repository:acme/digits:pull,push"]]);
});

test("one token serves requests that run beside each other, and is asked for again before it ends", async () => {
  await using registry = await start({ access: token });
  const store = storeOf(registry);
  await store.pushBlob(blobOf(10), null, signal);
  await Promise.all([1, 2, 3, 4].map((size) => store.pushBlob(blobOf(size), null, signal)));
  expect(registry.access.given).toHaveLength(1);
  registry.switches.access = { ...token, seconds: 0 };
  await using hasty = await start({ access: { ...token, seconds: 0 } });
  await storeOf(hasty).pushBlob(blobOf(10), null, signal);
  expect(hasty.access.given.length).toBeGreaterThan(1);
  expect(hasty.seen.filter(({ line, bytes }) => line.startsWith("PATCH") && bytes === 10)).toHaveLength(1);
});

test("a token that ends while blobs are sent is replaced", async () => {
  await using registry = await start({ access: { ...token, uses: 1 } });
  const blob = blobOf(500_000);
  const { digest } = await storeOf(registry).pushBlob(blob, null, signal);
  expect(digest).toBe(sha256(blob.bytes));
});

test.each([
  { access: { kind: "basic", ...login } as const, credentials: { ...login, password: "wr0ng" } },
  { access: { kind: "basic", ...login } as const, credentials: null },
  { access: token, credentials: { ...login, password: "wr0ng" } },
  { access: token, credentials: null },
  { access: { ...token, uses: 0 }, credentials: login },
])("who may not write is told so, once and without a secret ($access.kind)", async ({ access, credentials }) => {
  await using registry = await start({ access });
  const pushed = storeOf(registry, "acme/digits", credentials).pushBlob(blobOf(10), null, signal);
  const error: unknown = await pushed.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    problem: { code: "registry.denied", hint: expect.stringContaining("docker login") as string },
  });
  const said = JSON.stringify(error, Object.getOwnPropertyNames(error));
  for (const secret of ["s3cret", "wr0ng", btoa("ada:s3cret:pass"), "token-", "shown to nobody"])
    expect(said).not.toContain(secret);
  expect(registry.seen.length).toBeLessThan(8);
});

test("a token service without TLS gets no credentials of a registry with TLS", async () => {
  const authorization = new Authorization(new URL("https://registry.example/v2/a/"), () => Promise.resolve(login));
  authorization.challenged('Bearer realm="http://registry.example/token"', ["repository:a:pull"]);
  await expect(authorization.header(["repository:a:pull"], signal)).rejects.toThrow(/no https address/);
});

test("bytes that are not the digest's are never taken for them", async () => {
  await using registry = await start({ tampers: true });
  const store = storeOf(registry);
  const blob = blobOf(10_000);
  await store.pushBlob(blob, null, signal);
  await expect(readAll(store, blob)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
  const bytes = new TextEncoder().encode('{"schemaVersion":2}');
  const digest = await store.putManifest({ mediaType: mediaTypes.manifest, bytes }, signal);
  await expect(store.manifest(digest, signal)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
});

test("a referrers index that another writer put back is mended", async () => {
  await using registry = await start({ referrers: "tag" });
  const store = storeOf(registry);
  const { tags, blobs } = registry.repository("acme/digits");
  blobs.set(sha256(emptyConfig), Buffer.from(emptyConfig));
  const subject = { mediaType: mediaTypes.manifest, digest: sha256("image"), size: 1 };
  const put = (name: string) => {
    const config = { mediaType: mediaTypes.empty, digest: sha256(emptyConfig), size: 2 };
    const body = { schemaVersion: 2, artifactType: "t", config, layers: [], subject, annotations: { name } };
    return store.putManifest({ mediaType: mediaTypes.manifest, bytes: Buffer.from(JSON.stringify(body)) }, signal);
  };
  await put("one");
  const tag = subject.digest.replace(":", "-");
  const before = tags.get(tag)!;
  let putBack = false;
  const set = tags.set.bind(tags);
  tags.set = (name, digest) => {
    set(name, digest);
    if (!putBack && name === tag && digest !== before) {
      putBack = true;
      set(name, before);
    }
    return tags;
  };
  await put("two");
  expect(putBack).toBe(true);
  expect(await store.referrers(subject.digest, null, signal)).toHaveLength(2);
});

test("a registry that is not there is a trouble of the world that may pass", async () => {
  const registry = await start();
  await registry[Symbol.asyncDispose]();
  await expect(storeOf(registry).manifest("latest", signal)).rejects.toMatchObject({
    retryable: true,
    problem: { code: "registry.unreachable", message: expect.stringContaining(registry.host) as string },
  });
});

test("a repository is not a way out of the layout folder", () => {
  const openStore = createOpenStore({
    layoutFolder: "/nowhere",
    dockerConfig: null,
    runHelper: () => Promise.reject(new Error()),
  });
  for (const repository of ["embedded/../up", "embedded", "embedded/a/../../b", "ghcr.io/a?b", "ghcr.io/a b"])
    expect(() => openStore(repository)).toThrow(/not a repository/);
});
