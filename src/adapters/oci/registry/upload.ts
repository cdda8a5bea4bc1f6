import type { IncomingMessage } from "node:http";
import { type Digest, hasher } from "../../../domain/digest.ts";
import type { BlobSource, PushedBlob } from "../store.ts";
import type { Client } from "./client.ts";
import { isDropped } from "./transport.ts";

/** How a body is sent; later ones are for registries and proxies that refuse the earlier. */
type Way = "put" | "patch" | "ranges";
const ladder: readonly Way[] = ["put", "patch", "ranges"];
const refusals = new Set([400, 405, 413, 416]);
const rangeBytes = 5 * 2 ** 20;
const attempts = 3;

/** What a host was found to accept, for the life of the process. */
const learned = new Map<string, Way>();

interface Upload {
  client: Client;
  during: string;
  signal: AbortSignal;
}

const atLocation = (answer: IncomingMessage, base: string): URL => new URL(answer.headers.location ?? base, base);

/** Starts an upload, or mounts the blob from another repository when the registry can. */
async function begin(
  { client, during, signal }: Upload,
  digest: Digest | null,
  mountFrom: string | null,
): Promise<URL | "mounted"> {
  const from = digest && mountFrom ? `?mount=${digest}&from=${encodeURIComponent(mountFrom)}` : "";
  const base = client.uploads;
  const answer = await client.ask(
    { method: "POST", path: `blobs/uploads/${from}`, during, ...(from && { alsoPull: [mountFrom!] }) },
    signal,
  );
  answer.resume();
  if (answer.statusCode === 201 && from) return "mounted";
  if (answer.statusCode === 202) return atLocation(answer, base);
  if (from && (answer.statusCode === 401 || answer.statusCode === 403))
    return begin({ client, during, signal }, digest, null);
  throw await client.refused(answer, during);
}

const withDigest = (location: URL, digest: Digest): URL => {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  return url;
};

async function commit({ client, during, signal }: Upload, location: URL, digest: Digest): Promise<void> {
  const answer = await client.ask(
    {
      method: "PUT",
      path: withDigest(location, digest),
      during,
      headers: { "content-type": "application/octet-stream" },
    },
    signal,
  );
  if (answer.statusCode !== 201 && answer.statusCode !== 204) throw await client.refused(answer, during);
  answer.resume();
}

/** A source that is hashed while it is sent. */
function hashed(source: BlobSource): { source: BlobSource; digest(): Digest } {
  const hash = hasher();
  return {
    source: {
      ...source,
      async *open(signal) {
        for await (const chunk of source.open(signal)) {
          hash.update(chunk);
          yield chunk;
        }
      },
    },
    digest: () => hash.digest(),
  };
}

/** @returns the refused answer when another way may be accepted. */
async function sendWhole(
  upload: Upload,
  location: URL,
  source: BlobSource,
  digest: Digest,
): Promise<IncomingMessage | null> {
  const answer = await upload.client.ask(
    {
      method: "PUT",
      path: withDigest(location, digest),
      during: upload.during,
      headers: { "content-type": "application/octet-stream" },
      body: { size: source.size, open: source.open },
    },
    upload.signal,
  );
  if (answer.statusCode === 201 || answer.statusCode === 204) return (answer.resume(), null);
  return answer;
}

/** One PATCH without a length, then an empty PUT: what works where the digest is not known before. */
async function sendStreamed(upload: Upload, location: URL, source: BlobSource): Promise<IncomingMessage | Digest> {
  const reading = source.digest === null ? hashed(source) : null;
  const { open } = reading?.source ?? source;
  const answer = await upload.client.ask(
    {
      method: "PATCH",
      path: location,
      during: upload.during,
      headers: { "content-type": "application/octet-stream" },
      body: { size: null, open },
    },
    upload.signal,
  );
  if (answer.statusCode !== 202 && answer.statusCode !== 201) return answer;
  answer.resume();
  const digest = source.digest ?? reading!.digest();
  await commit(upload, atLocation(answer, location.href), digest);
  return digest;
}

/** Cuts a stream into pieces of `size` bytes, each its own copy. */
async function* pieces(chunks: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Buffer> {
  let piece = Buffer.alloc(size);
  let filled = 0;
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; ) {
      const take = Math.min(size - filled, chunk.length - at);
      piece.set(chunk.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled < size) continue;
      yield piece;
      piece = Buffer.alloc(size);
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Ranged PATCHes: the last resort, since some registries lose the second one. */
async function sendRanges(upload: Upload, begun: URL, source: BlobSource): Promise<IncomingMessage | Digest> {
  const hash = hasher();
  let location = begun;
  let offset = 0;
  for await (const piece of pieces(source.open(upload.signal), rangeBytes)) {
    hash.update(piece);
    const answer = await upload.client.ask(
      {
        method: "PATCH",
        path: location,
        during: upload.during,
        headers: {
          "content-type": "application/octet-stream",
          "content-range": `${offset}-${offset + piece.length - 1}`,
        },
        body: {
          size: piece.length,
          async *open() {
            yield piece;
          },
        },
      },
      upload.signal,
    );
    if (answer.statusCode !== 202 && answer.statusCode !== 201) return answer;
    answer.resume();
    offset += piece.length;
    location = atLocation(answer, location.href);
  }
  const digest = hash.digest();
  await commit(upload, location, digest);
  return digest;
}

async function sendOnce(
  upload: Upload,
  source: BlobSource,
  way: Way,
  mountFrom: string | null,
): Promise<IncomingMessage | Digest | "mounted"> {
  const location = await begin(upload, source.digest, mountFrom);
  if (location === "mounted") return location;
  try {
    if (way === "put" && source.digest !== null)
      return (await sendWhole(upload, location, source, source.digest)) ?? source.digest;
    return await (way === "ranges" ? sendRanges(upload, location, source) : sendStreamed(upload, location, source));
  } catch (error) {
    await cancel(upload, location);
    throw error;
  }
}

/** Frees what the registry keeps of an upload that will not be finished. */
async function cancel({ client, during }: Upload, location: URL): Promise<void> {
  const answer = await client
    .ask({ method: "DELETE", path: location, during }, AbortSignal.timeout(5_000))
    .catch(() => null);
  answer?.resume();
}

const dropped = (error: unknown): boolean => error instanceof Error && (isDropped(error) || isDropped(error.cause));

/**
 * Sends a blob to a registry (distribution specification, "Pushing blobs"): a known digest by one PUT, an unknown one by one
 * streamed PATCH with the hash made on the way; other ways only after a refusal, remembered for the host. A dropped
 * connection starts the blob over: registry 2.8 cannot resume.
 */
export async function uploadBlob(
  client: Client,
  source: BlobSource,
  mountFrom: string | null,
  signal: AbortSignal,
): Promise<PushedBlob> {
  const upload = { client, during: "uploading a layer", signal };
  let way = learned.get(client.host) ?? (source.digest === null ? "patch" : "put");
  for (let attempt = 1; ; ) {
    try {
      const result = await sendOnce(upload, source, way, mountFrom);
      if (result === "mounted") return { digest: source.digest!, size: source.size, sent: 0 };
      if (typeof result === "string") {
        if (way !== "put" && source.digest !== null) learned.set(client.host, way);
        return { digest: result, size: source.size, sent: source.size };
      }
      const next = ladder[ladder.indexOf(way) + 1];
      const passing = (result.statusCode ?? 0) >= 500 && attempt < attempts;
      if (!passing && (!refusals.has(result.statusCode ?? 0) || !next))
        throw await client.refused(result, upload.during);
      result.resume();
      if (passing) attempt++;
      else way = next!;
    } catch (error) {
      if (signal.aborted || attempt++ >= attempts || !dropped(error)) throw error;
    }
  }
}
