import { type Digest, hasher } from "../../domain/digest.ts";
import { WorldError } from "../../domain/problem.ts";
import {
  checkedBytes,
  checkedManifest,
  manifestLimit,
  mediaTypes,
  readManifest,
  referrerDescriptor,
  referrersTag,
  withReferrer,
} from "./content.ts";
import type { Credentials } from "./registry/auth.ts";
import { Client } from "./registry/client.ts";
import { readBody } from "./registry/transport.ts";
import { uploadBlob } from "./registry/upload.ts";
import type { Descriptor, OciStore } from "./store.ts";

const accept = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex].join(", ");
const bytesOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  async *open() {
    yield bytes;
  },
});
const putAttempts = 4;

/**
 * A repository of a registry, over the OCI distribution specification v1.1. Referrers by its API, or by the tag schema where the
 * registry does not say `OCI-Subject`.
 */
export function registryStore(
  repository: string,
  options: { credentials: (host: string) => Promise<Credentials | null>; insecureHosts: readonly string[] },
): OciStore {
  const client = new Client(repository, options);
  const side = `registry ${client.host}`;
  let greeted: Promise<void> | null = null;
  const greet = (signal: AbortSignal) =>
    (greeted ??= client.greet(signal).catch((error: unknown) => {
      greeted = null;
      throw error;
    }));

  const manifest: OciStore["manifest"] = async (reference, signal) => {
    const during = `reading the manifest ${reference}`;
    const answer = await client.ask(
      { method: "GET", path: `manifests/${reference}`, during, headers: { accept } },
      signal,
    );
    if (answer.statusCode === 404) return (answer.resume(), null);
    if (answer.statusCode !== 200) throw await client.refused(answer, during);
    const mediaType = answer.headers["content-type"]?.split(";")[0]?.trim() ?? mediaTypes.manifest;
    return checkedManifest(reference, mediaType, await readBody(answer, manifestLimit), side);
  };

  const has = async (digest: Digest, signal: AbortSignal): Promise<boolean> => {
    const during = "looking for a layer";
    const answer = await client.ask({ method: "HEAD", path: `blobs/${digest}`, during }, signal);
    answer.resume();
    if (answer.statusCode === 200) return true;
    if (answer.statusCode === 404) return false;
    throw await client.refused(answer, during);
  };

  async function* blob(digest: Digest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const during = "reading a layer";
    const answer = await client.ask({ method: "GET", path: `blobs/${digest}`, during }, signal);
    if (answer.statusCode !== 200) throw await client.refused(answer, during);
    try {
      yield* checkedBytes(answer as AsyncIterable<Buffer>, digest, side, hasher());
    } catch (error) {
      throw error instanceof WorldError ? error : client.unreachable(during, error, signal);
    } finally {
      answer.destroy();
    }
  }

  /** @returns whether the registry keeps the referrers index itself. */
  async function put(reference: string, mediaType: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const during = "putting the manifest";
    await greet(signal);
    for (let attempt = 1; ; attempt++) {
      const answer = await client.ask(
        {
          method: "PUT",
          path: `manifests/${reference}`,
          during,
          headers: { "content-type": mediaType },
          body: bytesOf(bytes),
        },
        signal,
      );
      if (answer.statusCode === 201 || answer.statusCode === 200) {
        answer.resume();
        return answer.headers["oci-subject"] !== undefined;
      }
      if ((answer.statusCode ?? 0) < 500 || attempt === putAttempts) throw await client.refused(answer, during);
      answer.resume();
    }
  }

  async function addReferrer(subject: Digest, entry: Descriptor, signal: AbortSignal): Promise<void> {
    const current = await manifest(referrersTag(subject), signal);
    const bytes = withReferrer(current && readManifest(current, side), entry);
    if (bytes) await put(referrersTag(subject), mediaTypes.index, bytes, signal);
  }

  return {
    repository,
    manifest,
    has,
    blob,
    async pushBlob(source, mountFrom, signal) {
      await greet(signal);
      if (source.digest !== null && (await has(source.digest, signal)))
        return { digest: source.digest, size: source.size, sent: 0 };
      return uploadBlob(client, source, mountFrom, signal);
    },
    async putManifest({ mediaType, bytes, tag }, signal) {
      const { digest } = checkedManifest("", mediaType, bytes, side);
      const kept = await put(digest, mediaType, bytes, signal);
      const stored = { digest, mediaType, bytes };
      const body = readManifest(stored, side);
      if (body.subject && !kept) await addReferrer(body.subject.digest, referrerDescriptor(stored, body), signal);
      if (tag !== undefined) await put(tag, mediaType, bytes, signal);
      return digest;
    },
    async referrers(subject, artifactType, signal) {
      const during = "listing what refers to the image";
      const found: Descriptor[] = [];
      let path: string | URL | null = `referrers/${subject}`;
      while (path !== null) {
        const answer = await client.ask({ method: "GET", path, during, headers: { accept: mediaTypes.index } }, signal);
        if (answer.statusCode === 404) {
          answer.resume();
          const index = await manifest(referrersTag(subject), signal);
          found.push(...(index ? (readManifest(index, side).manifests ?? []) : []));
          break;
        }
        if (answer.statusCode !== 200) throw await client.refused(answer, during);
        const bytes = await readBody(answer, manifestLimit);
        found.push(...(readManifest(checkedManifest("", mediaTypes.index, bytes, side), side).manifests ?? []));
        const next: string | undefined = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(answer.headers.link ?? ""))?.[1];
        path = next === undefined ? null : new URL(next, client.uploads);
      }
      return found.filter((entry) => artifactType === null || entry.artifactType === artifactType);
    },
  };
}
