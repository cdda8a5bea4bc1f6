import type { IncomingMessage } from "node:http";
import type { Digest } from "../../../domain/digest.ts";
import { measured } from "../content.ts";
import type { BlobSource } from "../store.ts";
import { commit, locationOf, octets, type Session, type Upload, withDigest } from "./session.ts";

/** What a way of sending came to: the blob's digest, or the answer of a registry that does not take it this way. */
export type Sending = (upload: Upload, session: Session, source: BlobSource) => Promise<Digest | IncomingMessage>;

const taken = (answer: IncomingMessage, ...statuses: number[]): boolean => statuses.includes(answer.statusCode ?? 0);

/** One PUT with a length: what every registry takes, where the digest is known. */
export const sendWhole: Sending = async ({ client, during, signal }, { location }, source) => {
  const digest = source.digest!;
  const { open } = measured(source, { what: client.host, verify: false });
  const body = { size: source.size, open };
  const answer = await client.ask(
    { method: "PUT", path: withDigest(location, digest), during, headers: octets, body, patient: true },
    signal,
  );
  if (!taken(answer, 201, 204)) return answer;
  answer.resume();
  return digest;
};

/** One PATCH without a length, hashed on its way, then an empty PUT: where the digest is not known before. */
export const sendStreamed: Sending = async (upload, { location }, source) => {
  const { client, during, signal } = upload;
  const reading = measured(source, { what: client.host, verify: source.digest === null });
  const body = { size: null, open: reading.open };
  const answer = await client.ask(
    { method: "PATCH", path: location, during, headers: octets, body, patient: true },
    signal,
  );
  // ECR answers 201.
  if (!taken(answer, 202, 201, 204)) return answer;
  answer.resume();
  const digest = source.digest ?? reading.digest();
  await commit(upload, locationOf(answer, location), digest);
  return digest;
};

/** Passes on what lies behind the first `offset` bytes. */
async function* behind(chunks: AsyncIterable<Uint8Array>, offset: number): AsyncIterable<Uint8Array> {
  let at = 0;
  for await (const chunk of chunks) {
    if (at + chunk.length > offset) yield chunk.subarray(Math.max(0, offset - at));
    at += chunk.length;
  }
}

/** What is missing of an upload that broke, by one PATCH. The source is read from its start, for the hash. */
export const sendRest: Sending = async (upload, { location, offset }, source) => {
  const { client, during, signal } = upload;
  const reading = measured(source, { what: client.host, verify: source.digest === null });
  const headers = { ...octets, "content-range": `${offset}-${source.size - 1}` };
  const body = { size: source.size - offset, open: (s: AbortSignal) => behind(reading.open(s), offset) };
  const answer = await client.ask({ method: "PATCH", path: location, during, headers, body, patient: true }, signal);
  if (!taken(answer, 202, 201, 204)) return answer;
  answer.resume();
  const digest = source.digest ?? reading.digest();
  await commit(upload, locationOf(answer, location), digest);
  return digest;
};

/** GHCR refuses a PATCH with more than this, the least that proxies and registries are known to take. */
const pieceBytes = 4 * 2 ** 20;
/** A registry that wants larger pieces than this is not believed: a piece is held in memory. */
const largestPiece = 64 * 2 ** 20;

/** Cuts a stream into pieces of `size` bytes, each valid until the next is asked for. */
async function* pieces(chunks: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Uint8Array> {
  const piece = Buffer.alloc(size);
  let filled = 0;
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; ) {
      const take = Math.min(size - filled, chunk.length - at);
      piece.set(chunk.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled < size) continue;
      yield piece;
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Ranged PATCHes: the last resort, since some registries lose the second one. */
export const sendRanges: Sending = async (upload, session, source) => {
  const { client, during, signal } = upload;
  const reading = measured(source, { what: client.host, verify: source.digest === null });
  const size = Math.max(pieceBytes, Math.min(largestPiece, session.least || 0));
  let { location, offset } = session;
  for await (const piece of pieces(behind(reading.open(signal), offset), size)) {
    const body = {
      size: piece.length,
      async *open() {
        yield piece;
      },
    };
    const headers = { ...octets, "content-range": `${offset}-${offset + piece.length - 1}` };
    const answer = await client.ask({ method: "PATCH", path: location, during, headers, body, patient: true }, signal);
    if (!taken(answer, 202, 201, 204)) return answer;
    answer.resume();
    offset += piece.length;
    location = locationOf(answer, location);
  }
  const digest = source.digest ?? reading.digest();
  await commit(upload, location, digest);
  return digest;
};
