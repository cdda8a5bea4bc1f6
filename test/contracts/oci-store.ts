import { afterEach, describe, expect, test } from "vitest";
import { bytesSource, emptyConfig, mediaTypes } from "../../src/adapters/oci/content.ts";
import type { BlobSource, OciStore } from "../../src/adapters/oci/store.ts";
import { type Digest, sha256 } from "../../src/domain/digest.ts";
import { UserError, WorldError } from "../../src/domain/problem.ts";

const { signal } = new AbortController();

/** A source of `size` bytes made from a seed, in chunks whose buffer is used again, as a model's are. */
function seeded(
  size: number,
  options: { seed?: number; known?: boolean; chunk?: number } = {},
): BlobSource & { bytes: Buffer } {
  const bytes = Buffer.alloc(size);
  for (let at = 0, word = options.seed ?? 1; at < size; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = word >>> 24;
  }
  const chunk = options.chunk ?? 65_536;
  return {
    bytes,
    size,
    digest: options.known ? sha256(bytes) : null,
    async *open() {
      const buffer = Buffer.alloc(chunk);
      for (let at = 0; at < size; at += chunk) {
        const length = bytes.copy(buffer, 0, at, at + chunk);
        yield buffer.subarray(0, length);
      }
      buffer.fill(0);
    },
  };
}

async function read(store: OciStore, digest: Digest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.blob(digest, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const bytesOf = (body: object): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

async function artifact(store: OciStore, name: string, subject?: { digest: Digest; size: number }, type = "test/one") {
  const { digest, size } = await store.pushBlob(bytesSource(emptyConfig), null, signal);
  const bytes = bytesOf({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: type,
    config: { mediaType: mediaTypes.empty, digest, size },
    layers: [],
    ...(subject && { subject: { mediaType: mediaTypes.manifest, ...subject } }),
    annotations: { name },
  });
  return { mediaType: mediaTypes.manifest, bytes, size: bytes.length };
}

/**
 * What every store of one repository must do. `open` gives the repository of a name, on the same registry for all names, and
 * nothing in it on the first call of a test; `close` ends what it started.
 */
export function ociStoreContract(
  name: string,
  make: () => Promise<{ open: (repository: string) => OciStore; close: () => Promise<void> }>,
): void {
  describe(`OCI store ${name}`, () => {
    let close = (): Promise<void> => Promise.resolve();
    afterEach(() => close());
    const opened = async () => {
      const made = await make();
      close = made.close;
      return made.open;
    };
    const store = async (): Promise<OciStore> => (await opened())("acme/digits");

    test.each([0, 1, 511, 65_536, 3 * 2 ** 20 + 7])(
      "keeps a blob of %i bytes, its digest unknown before",
      async (size) => {
        const oci = await store();
        const source = seeded(size);
        const pushed = await oci.pushBlob(source, null, signal);
        expect(pushed).toEqual({ digest: sha256(source.bytes), size, sent: size });
        expect((await read(oci, pushed.digest)).equals(source.bytes)).toBe(true);
      },
    );

    test("keeps a blob whose digest is known, and sends it once", async () => {
      const oci = await store();
      const source = seeded(1_000_003, { known: true });
      expect(await oci.has(source.digest!, signal)).toBe(false);
      expect((await oci.pushBlob(source, null, signal)).sent).toBe(source.size);
      expect(await oci.has(source.digest!, signal)).toBe(true);
      expect((await oci.pushBlob(source, null, signal)).sent).toBe(0);
      expect((await read(oci, source.digest!)).equals(source.bytes)).toBe(true);
    });

    test("keeps blobs that are sent beside each other apart", async () => {
      const oci = await store();
      const sources = [1, 2, 3, 4, 5, 6].map((seed) => seeded(300_000, { seed, chunk: 1000 + seed }));
      const pushed = await Promise.all(sources.map((source) => oci.pushBlob(source, null, signal)));
      expect(pushed.map(({ digest }) => digest)).toEqual(sources.map(({ bytes }) => sha256(bytes)));
    });

    test.each([false, true])(
      "refuses a source that gives fewer or more bytes than it says (digest known: %s)",
      async (known) => {
        const oci = await store();
        for (const size of [99_999, 100_001]) {
          const source = { ...seeded(100_000, { known }), size };
          await expect(oci.pushBlob(source, null, signal)).rejects.toMatchObject({
            problem: { code: "registry.digest" },
          });
          expect(await oci.has(sha256(source.bytes), signal)).toBe(false);
        }
      },
    );

    test("refuses bytes that are not their digest's", async () => {
      const oci = await store();
      const source = { ...seeded(100_000), digest: sha256("something else") };
      await expect(oci.pushBlob(source, null, signal)).rejects.toMatchObject({ problem: { code: "registry.digest" } });
      expect(await oci.has(source.digest, signal)).toBe(false);
    });

    test.each([false, true])("passes on what is wrong with a source (digest known: %s)", async (known) => {
      const oci = await store();
      const source = seeded(5_000_000, { known });
      const problem = { code: "model.changed" as const, message: "changed", hint: "do not" };
      const failing: BlobSource = {
        ...source,
        async *open(stop) {
          let seen = 0;
          for await (const chunk of source.open(stop)) {
            if ((seen += chunk.length) > 2_000_000) throw new UserError([problem]);
            yield chunk;
          }
        },
      };
      await expect(oci.pushBlob(failing, null, signal)).rejects.toThrow(new UserError([problem]));
      expect(await oci.has(sha256(source.bytes), signal)).toBe(false);
    });

    test("stops when it is told to, with the reason, and keeps nothing", async () => {
      const oci = await store();
      const source = seeded(8_000_000);
      const stop = new AbortController();
      const reason = new Error("enough");
      const stopping: BlobSource = {
        ...source,
        async *open(inner) {
          let seen = 0;
          for await (const chunk of source.open(inner)) {
            if ((seen += chunk.length) > 1_000_000) stop.abort(reason);
            inner.throwIfAborted();
            yield chunk;
          }
        },
      };
      await expect(oci.pushBlob(stopping, null, stop.signal)).rejects.toBe(reason);
      expect(await oci.has(sha256(source.bytes), signal)).toBe(false);
    });

    test("has a blob that another repository of the registry has, after it is pushed from there", async () => {
      const open = await opened();
      const source = seeded(200_000, { known: true });
      await open("acme/base").pushBlob(source, null, signal);
      await open("acme/digits").pushBlob(source, "acme/base", signal);
      expect((await read(open("acme/digits"), source.digest!)).equals(source.bytes)).toBe(true);
    });

    test("says of a blob that is not there that it is not there", async () => {
      const oci = await store();
      await expect(read(oci, sha256("nothing"))).rejects.toBeInstanceOf(WorldError);
    });

    test("finds a manifest by digest and by tag, and nothing by what it does not know", async () => {
      const oci = await store();
      const { bytes, mediaType } = await artifact(oci, "one");
      const digest = await oci.putManifest({ mediaType, bytes, tag: "latest" }, signal);
      expect(digest).toBe(sha256(bytes));
      for (const reference of [digest, "latest"]) {
        const found = await oci.manifest(reference, signal);
        expect({ ...found, bytes: Buffer.from(found!.bytes) }).toEqual({
          digest,
          mediaType,
          bytes: Buffer.from(bytes),
        });
      }
      expect(await oci.manifest("stable", signal)).toBeNull();
      expect(await oci.manifest(sha256("nothing"), signal)).toBeNull();
    });

    test("moves a tag, and still knows the manifest that had it by digest", async () => {
      const oci = await store();
      const first = await oci.putManifest({ ...(await artifact(oci, "one")), tag: "latest" }, signal);
      const second = await oci.putManifest({ ...(await artifact(oci, "two")), tag: "latest" }, signal);
      expect((await oci.manifest("latest", signal))?.digest).toBe(second);
      expect((await oci.manifest(first, signal))?.digest).toBe(first);
    });

    test("gives a manifest several tags", async () => {
      const oci = await store();
      const one = await artifact(oci, "one");
      for (const tag of ["latest", "abcdef012345"]) await oci.putManifest({ ...one, tag }, signal);
      for (const tag of ["latest", "abcdef012345"])
        expect((await oci.manifest(tag, signal))?.digest).toBe(sha256(one.bytes));
    });

    test("lists the tags that begin with a text, sorted, and none where there is nothing yet", async () => {
      const open = await opened();
      const oci = open("acme/digits");
      expect(await oci.tags("", signal)).toEqual([]);
      const names = Array.from({ length: 12 }, (_, index) => `entry-${String(index).padStart(2, "0")}`);
      const one = await artifact(oci, "one");
      for (const tag of [...names.toReversed(), "entries", "other"]) await oci.putManifest({ ...one, tag }, signal);
      expect(await oci.tags("entry-", signal)).toEqual(names);
      expect(await oci.tags("entr", signal)).toEqual(["entries", ...names]);
      expect(await oci.tags("nothing", signal)).toEqual([]);
      expect(await oci.tags("", signal)).toHaveLength(14);
      expect(await open("acme/another").tags("", signal)).toEqual([]);
    });

    test("lists every tag that was put by writers beside each other", async () => {
      const oci = await store();
      const names = Array.from({ length: 20 }, (_, index) => `tag-${String(index).padStart(2, "0")}`);
      await Promise.all(names.map(async (tag) => oci.putManifest({ ...(await artifact(oci, tag)), tag }, signal)));
      expect(await oci.tags("tag-", signal)).toEqual(names);
    });

    test("lists what refers to an image, once each, all or of one type", async () => {
      const oci = await store();
      const image = await artifact(oci, "image");
      const subject = { digest: await oci.putManifest(image, signal), size: image.size };
      expect(await oci.referrers(subject.digest, null, signal)).toEqual([]);
      const one = await artifact(oci, "one", subject, "test/one");
      const two = await artifact(oci, "two", subject, "test/two");
      for (const manifest of [one, two, one]) await oci.putManifest(manifest, signal);
      const listed = await oci.referrers(subject.digest, null, signal);
      expect(listed.map((entry) => entry.digest).toSorted()).toEqual([sha256(one.bytes), sha256(two.bytes)].toSorted());
      expect(await oci.referrers(subject.digest, "test/two", signal)).toEqual([
        expect.objectContaining({
          digest: sha256(two.bytes),
          size: two.size,
          artifactType: "test/two",
          annotations: { name: "two" },
        }),
      ]);
      expect(await oci.referrers(sha256("another"), null, signal)).toEqual([]);
    });

    test("loses none of the referrers that are put beside each other", async () => {
      const oci = await store();
      const image = await artifact(oci, "image");
      const subject = { digest: await oci.putManifest(image, signal), size: image.size };
      const names = Array.from({ length: 12 }, (_, index) => `evidence ${index}`);
      await Promise.all(names.map(async (each) => oci.putManifest(await artifact(oci, each, subject), signal)));
      const listed = await oci.referrers(subject.digest, "test/one", signal);
      expect(listed.map((entry) => entry.annotations!["name"]!).toSorted()).toEqual(names.toSorted());
    });
  });
}
