import { expect, test } from "vitest";
import { emptyConfig, mediaTypes } from "../../../src/adapters/oci/content.ts";
import { createOpenStore } from "../../../src/adapters/oci/open.ts";
import { Authorization } from "../../../src/adapters/oci/registry/auth.ts";
import { sha256 } from "../../../src/domain/digest.ts";
import { blobOf, login, readAll, storeOf, token } from "../../fakes/registry/user.ts";
import { FakeRegistry } from "../../fakes/registry.ts";

const { signal } = new AbortController();

test("uploads to another host and blobs behind a redirect get no authorization", async () => {
  await using registry = await FakeRegistry.start({
    location: "other host",
    redirects: true,
    access: { kind: "basic", ...login },
  });
  const store = storeOf(registry);
  const blob = blobOf(100_000);
  await store.pushBlob(blob, null, signal);
  expect((await readAll(store, blob)).equals(blob.bytes)).toBe(true);
  const strangers = registry.seen.filter(({ otherHost }) => otherHost);
  expect(strangers.map(({ line }) => line.split(" ")[0])).toEqual(["PATCH", "PUT", "GET"]);
  expect(strangers.map(({ authorization }) => authorization)).toEqual([undefined, undefined, undefined]);
});

test("reading asks for the right to pull alone", async () => {
  await using registry = await FakeRegistry.start({ access: token });
  await storeOf(registry, "acme/base", null).manifest("latest", signal);
  expect(registry.access.given).toEqual([["repository:acme/base:pull"]]);
});

test("reading asks for more where pulling alone is refused", async () => {
  await using registry = await FakeRegistry.start({ access: { ...token, uses: 0 } });
  await expect(storeOf(registry).manifest("latest", signal)).rejects.toMatchObject({
    problem: { code: "registry.denied" },
  });
  expect(registry.access.given).toEqual([["repository:acme/digits:pull"], ["repository:acme/digits:pull,push"]]);
});

test("one token serves requests that run beside each other, and is asked for again before it ends", async () => {
  await using registry = await FakeRegistry.start({ access: token });
  const store = storeOf(registry);
  await store.pushBlob(blobOf(10), null, signal);
  await Promise.all([1, 2, 3, 4].map((size) => store.pushBlob(blobOf(size), null, signal)));
  expect(registry.access.given).toHaveLength(1);
  registry.switches.access = { ...token, seconds: 0 };
  await using hasty = await FakeRegistry.start({ access: { ...token, seconds: 0 } });
  await storeOf(hasty).pushBlob(blobOf(10), null, signal);
  expect(hasty.access.given.length).toBeGreaterThan(1);
  expect(hasty.seen.filter(({ line, bytes }) => line.startsWith("PATCH") && bytes === 10)).toHaveLength(1);
});

test("a token that ends while blobs are sent is replaced", async () => {
  await using registry = await FakeRegistry.start({ access: { ...token, uses: 1 } });
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
  await using registry = await FakeRegistry.start({ access });
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
  await using registry = await FakeRegistry.start({ tampers: true });
  const store = storeOf(registry);
  const blob = blobOf(10_000);
  await store.pushBlob(blob, null, signal);
  await expect(readAll(store, blob)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
  const bytes = new TextEncoder().encode('{"schemaVersion":2}');
  const digest = await store.putManifest({ mediaType: mediaTypes.manifest, bytes }, signal);
  await expect(store.manifest(digest, signal)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
});

test("a referrers index that another writer put back is mended", async () => {
  await using registry = await FakeRegistry.start({ referrers: "tag" });
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
  const registry = await FakeRegistry.start();
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
