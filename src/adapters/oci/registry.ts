import type { IncomingMessage } from "node:http";
import { type Digest, hasher } from "../../domain/digest.ts";
import { WorldError } from "../../domain/problem.ts";
import {
  bytesSource,
  checkedBytes,
  checkedManifest,
  manifestLimit,
  mediaTypes,
  readManifest,
  referrerDescriptor,
  referrersTag,
  withReferrer,
} from "./content.ts";
import { type Ask, Client } from "./registry/client.ts";
import type { Credentials } from "./registry/credentials.ts";
import { isThere } from "./registry/session.ts";
import { listTags, nextPage } from "./registry/tags.ts";
import { mostTries, pause, readBody } from "./registry/transport.ts";
import { uploadBlob } from "./registry/upload.ts";
import type { Descriptor, OciStore } from "./store.ts";

const accept = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex].join(", ");
/** Writers of one referrers index that come between each other; a registry has no compare-and-swap. */
const mostContests = 5;

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
  /** Changes of the referrers indexes, one after the other. */
  let changes: Promise<unknown> = Promise.resolve();

  const manifest: OciStore["manifest"] = async (reference, signal) => {
    const during = `reading the manifest ${reference}`;
    const answer = await client.ask(
      { method: "GET", path: `manifests/${reference}`, during, headers: { accept } },
      signal,
    );
    if (answer.statusCode === 404) return (answer.resume(), null);
    if (answer.statusCode !== 200) throw await client.refused(answer, during);
    const mediaType = answer.headers["content-type"]?.split(";")[0]?.trim() ?? mediaTypes.manifest;
    return checkedManifest(reference, mediaType, await whole(answer, during, signal), side);
  };

  async function whole(answer: IncomingMessage, during: string, signal: AbortSignal): Promise<Buffer> {
    try {
      return await readBody(answer, manifestLimit);
    } catch (error) {
      throw client.unreachable(during, error, signal);
    }
  }

  async function* blob(digest: Digest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const during = `reading the blob ${digest}`;
    const answer = await client.ask({ method: "GET", path: `blobs/${digest}`, during }, signal);
    if (answer.statusCode !== 200) throw await client.refused(answer, during);
    try {
      yield* checkedBytes(answer as AsyncIterable<Buffer>, digest, side, hasher());
    } catch (error) {
      throw client.unreachable(during, error, signal);
    } finally {
      answer.destroy();
    }
  }

  /**
   * Sends a manifest. docker-registry 2.8 over a folder does not find a blob for the moment in which somebody else sends the same
   * one: the empty config is in every artifact. So what it misses is asked for again.
   */
  async function accepted(ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    for (let tried = 1; ; tried++) {
      const answer = await client.ask(ask, signal);
      if (answer.statusCode === 201 || answer.statusCode === 200) return answer;
      const { codes, retryAfter, error } = await client.refusal(answer, ask.during);
      if (tried === mostTries || !codes.includes("MANIFEST_BLOB_UNKNOWN")) throw error;
      await pause(tried, retryAfter, signal);
    }
  }

  /** @returns whether the registry keeps the referrers index itself. */
  async function put(
    reference: string,
    stored: { mediaType: string; bytes: Uint8Array },
    signal: AbortSignal,
  ): Promise<boolean> {
    const during = `putting the manifest ${reference}`;
    const { digest } = checkedManifest("", stored.mediaType, stored.bytes, side);
    const headers = { "content-type": stored.mediaType };
    const ask = {
      method: "PUT",
      path: `manifests/${reference}`,
      during,
      headers,
      body: bytesSource(stored.bytes),
      repeatable: true,
      patient: true,
    };
    const answer = await accepted(ask, signal);
    answer.resume();
    const said = answer.headers["docker-content-digest"];
    if (typeof said === "string" && said.startsWith("sha256:") && said !== digest)
      throw new WorldError(
        {
          code: "registry.digest",
          message: `${client.host} stored ${said} for the manifest ${digest}`,
          hint: "The registry, or a proxy before it, changes manifests: use another.",
        },
        { side, during, retryable: false },
      );
    return answer.headers["oci-subject"] !== undefined;
  }

  /** Reads, adds, writes and reads again: another writer may have put back the index without our entry. */
  async function addReferrer(subject: Digest, entry: Descriptor, signal: AbortSignal): Promise<void> {
    const tag = referrersTag(subject);
    for (let contest = 1; ; contest++) {
      const current = await manifest(tag, signal);
      const bytes = withReferrer(current && readManifest(current, side), entry);
      if (!bytes) return;
      if (contest > mostContests)
        throw new WorldError(
          {
            code: "registry.refused",
            message: `others keep changing ${tag} in ${repository}`,
            hint: "Run again when no other run attaches evidence to this image.",
          },
          { side, during: "listing an artifact as a referrer", retryable: true },
        );
      await put(tag, { mediaType: mediaTypes.index, bytes }, signal);
      if (contest > 1) await pause(contest, null, signal);
    }
  }

  async function byTag(subject: Digest, signal: AbortSignal): Promise<readonly Descriptor[]> {
    const index = await manifest(referrersTag(subject), signal);
    return index ? (readManifest(index, side).manifests ?? []) : [];
  }

  return {
    repository,
    manifest,
    has: (digest, signal) => isThere(client, digest, signal),
    blob,
    async pushBlob(source, mountFrom, signal) {
      if (source.digest !== null && (await isThere(client, source.digest, signal)))
        return { digest: source.digest, size: source.size, sent: 0 };
      return uploadBlob(client, source, mountFrom, signal);
    },
    async putManifest({ mediaType, bytes, tag }, signal) {
      const stored = checkedManifest("", mediaType, bytes, side);
      const kept = await put(stored.digest, stored, signal);
      const body = readManifest(stored, side);
      if (body.subject && !kept) {
        const { digest } = body.subject;
        const change = changes.then(() => addReferrer(digest, referrerDescriptor(stored, body), signal));
        changes = change.catch(() => undefined);
        await change;
      }
      if (tag !== undefined) await put(tag, stored, signal);
      return stored.digest;
    },
    tags: async (prefix, signal) =>
      [...(await listTags(client, signal))].filter((tag) => tag.startsWith(prefix)).toSorted(),
    async referrers(subject, artifactType, signal) {
      const during = "listing what refers to the image";
      const found: Descriptor[] = [];
      const filter = artifactType === null ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
      for (let path: string | URL | null = `referrers/${subject}${filter}`; path !== null; ) {
        const answer: IncomingMessage = await client.ask(
          { method: "GET", path, during, headers: { accept: mediaTypes.index } },
          signal,
        );
        if (answer.statusCode === 404) {
          answer.resume();
          found.push(...(await byTag(subject, signal)));
          break;
        }
        if (answer.statusCode !== 200) throw await client.refused(answer, during);
        const page = checkedManifest("", mediaTypes.index, await whole(answer, during, signal), side);
        found.push(...(readManifest(page, side).manifests ?? []));
        const next = nextPage(answer);
        path = next === null ? null : client.at(next);
      }
      return found.filter((entry) => artifactType === null || entry.artifactType === artifactType);
    },
  };
}
