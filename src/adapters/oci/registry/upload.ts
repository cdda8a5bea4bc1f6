import { type Digest, hasher } from "../../../domain/digest.ts";
import type { BlobSource, PushedBlob } from "../store.ts";
import type { Client, Refusal } from "./client.ts";
import { begin, cancel, isBroken, isThere, progress, type Session, type Upload } from "./session.ts";
import { isPassing, mostTries, pause } from "./transport.ts";
import { type Sending, sendRanges, sendRest, sendStreamed, sendWhole } from "./ways.ts";

type Way = "put" | "patch" | "ranges";
const ways: Record<Way, Sending> = { put: sendWhole, patch: sendStreamed, ranges: sendRanges };

/** A known digest goes by PUT; an unknown one is streamed, and only read twice where that is refused. */
const ladder = (digest: Digest | null): readonly Way[] =>
  digest ? ["put", "patch", "ranges"] : ["patch", "put", "ranges"];

/** Answers that say "not this way": another one may be taken. */
const refusals = new Set([400, 405, 411, 413, 416, 501]);
/** Codes that say what is wrong with the blob or the account: no other way helps. */
const final = ["DIGEST_INVALID", "NAME_INVALID", "NAME_UNKNOWN", "DENIED", "UNAUTHORIZED"];

const wantsOtherWay = ({ status, codes }: Refusal): boolean =>
  refusals.has(status) && !final.some((code) => codes.includes(code));

/** Ways a host was found to refuse where it took a later one, for the life of the process. */
const refusedBy = new Map<string, Set<Way>>();

async function withKnownDigest(source: BlobSource, signal: AbortSignal): Promise<BlobSource> {
  const hash = hasher();
  for await (const chunk of source.open(signal)) hash.update(chunk);
  return { ...source, digest: hash.digest() };
}

/** Sends by one way. A connection that breaks is gone on with where the registry can, as long as that brings it further. */
async function sendResuming(upload: Upload, session: Session, source: BlobSource, way: Way): ReturnType<Sending> {
  let at = session;
  let send = ways[way];
  for (;;) {
    try {
      return await send(upload, at, source);
    } catch (error) {
      if (upload.signal.aborted || !isBroken(error)) throw error;
      const reached = await progress(upload, at).catch(() => null);
      if (!reached || reached.offset <= at.offset || reached.offset >= source.size) throw error;
      at = reached;
      if (way !== "ranges") send = sendRest;
    }
  }
}

type Outcome = { digest: Digest; mounted: boolean } | Refusal;

/** One try by one way. What is left of an upload that failed is cancelled. */
async function sendOnce(upload: Upload, source: BlobSource, way: Way, mountFrom: string | null): Promise<Outcome> {
  const session = await begin(upload, source.digest, mountFrom);
  if (session === "mounted") return { digest: source.digest!, mounted: true };
  try {
    const result = await sendResuming(upload, session, source, way);
    if (typeof result === "string") return { digest: result, mounted: false };
    const refusal = await upload.client.refusal(result, upload.during);
    await cancel(upload, session);
    return refusal;
  } catch (error) {
    await cancel(upload, session);
    throw error;
  }
}

/** Sends by one way, and again after a broken connection or a passing trouble of the registry. */
async function sendTried(upload: Upload, source: BlobSource, way: Way, mountFrom: string | null): Promise<Outcome> {
  for (let tried = 1; ; tried++) {
    const outcome = await sendOnce(upload, source, way, mountFrom).catch((error: unknown) => {
      if (upload.signal.aborted || tried === mostTries || !isBroken(error)) throw error;
      return null;
    });
    if (outcome && ("digest" in outcome || tried === mostTries || !isPassing(outcome.status))) return outcome;
    await pause(tried, outcome?.retryAfter ?? null, upload.signal);
  }
}

/**
 * Sends a blob to a registry (distribution specification, "Pushing blobs"): a known digest by one PUT, an unknown one by one
 * streamed PATCH with the hash made on the way; other ways only after a refusal, remembered for the host once one of them is
 * taken. A connection that breaks is gone on with where the registry can, else the blob is sent again from its start.
 */
export async function uploadBlob(
  client: Client,
  source: BlobSource,
  mountFrom: string | null,
  signal: AbortSignal,
): Promise<PushedBlob> {
  const upload = { client, during: "uploading a layer", signal };
  const closed = new Set(refusedBy.get(client.host));
  let blob = source;
  let refusal: Refusal | null = null;
  for (const way of ladder(source.digest).filter((name) => !closed.has(name))) {
    if (way === "put" && blob.digest === null) {
      blob = await withKnownDigest(source, signal);
      if (await isThere(client, blob.digest!, signal)) return { digest: blob.digest!, size: source.size, sent: 0 };
    }
    const outcome = await sendTried(upload, blob, way, mountFrom);
    if ("digest" in outcome) {
      if (refusal) refusedBy.set(client.host, closed);
      return { digest: outcome.digest, size: source.size, sent: outcome.mounted ? 0 : source.size };
    }
    refusal = outcome;
    if (!wantsOtherWay(outcome)) break;
    closed.add(way);
  }
  throw refusal!.error;
}
