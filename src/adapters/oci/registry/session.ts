import type { IncomingMessage } from "node:http";
import type { Digest } from "../../../domain/digest.ts";
import { WorldError } from "../../../domain/problem.ts";
import type { Client } from "./client.ts";
import { isDropped } from "./transport.ts";

/** What all steps of an upload share. */
export interface Upload {
  client: Client;
  during: string;
  signal: AbortSignal;
}

/** An upload that a registry has opened: where it goes on, and how many bytes are there. */
export interface Session {
  location: URL;
  offset: number;
  /** The fewest bytes of a ranged PATCH that the registry takes (`OCI-Chunk-Min-Length`); 0 when it does not say. */
  least: number;
}

export const octets = { "content-type": "application/octet-stream" };

/** A Location, which may be relative, absolute, or on another host. */
export const locationOf = (answer: IncomingMessage, from: URL): URL => new URL(answer.headers.location ?? from, from);

/** Whether an error is a broken connection, of the upload itself or of the source that it reads. */
export const isBroken = (error: unknown): boolean =>
  isDropped(error) || (error instanceof WorldError && error.problem.code === "registry.unreachable" && error.retryable);

/** Opens an upload, or mounts the blob from another repository of the same registry when that can be. */
export async function begin(
  upload: Upload,
  digest: Digest | null,
  mountFrom: string | null,
): Promise<Session | "mounted"> {
  const { client, during, signal } = upload;
  if (digest && mountFrom) {
    const path = `blobs/uploads/?mount=${digest}&from=${encodeURIComponent(mountFrom)}`;
    const answer = await client
      .ask({ method: "POST", path, during, alsoPull: mountFrom, repeatable: true }, signal)
      .catch((error: unknown) => {
        // A token service may refuse the right to read the other repository: then there is no mount.
        if (error instanceof WorldError && error.problem.code === "registry.denied") return null;
        throw error;
      });
    answer?.resume();
    if (answer?.statusCode === 201) return "mounted";
    if (answer?.statusCode === 202) return sessionOf(answer, upload);
  }
  const answer = await client.ask({ method: "POST", path: "blobs/uploads/", during, repeatable: true }, signal);
  if (answer.statusCode !== 202) throw await client.refused(answer, during);
  answer.resume();
  return sessionOf(answer, upload);
}

const sessionOf = (answer: IncomingMessage, { client }: Upload): Session => ({
  location: locationOf(answer, client.at("blobs/uploads/")),
  offset: 0,
  least: Number(answer.headers["oci-chunk-min-length"] ?? 0),
});

/** The address that finishes an upload. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  return url;
}

/** Finishes an upload whose bytes are all there. */
export async function commit({ client, during, signal }: Upload, location: URL, digest: Digest): Promise<void> {
  const ask = { method: "PUT", path: withDigest(location, digest), during, headers: octets, patient: true };
  const answer = await client.ask(ask, signal);
  if (answer.statusCode === 201 || answer.statusCode === 204) return void answer.resume();
  const { status, error } = await client.refusal(answer, during);
  // An answer that was lost on its way: the first PUT did it, and the upload is no more.
  if (status === 404 && (await isThere(client, digest, signal))) return;
  throw error;
}

/** Whether the repository has a blob. */
export async function isThere(client: Client, digest: Digest, signal: AbortSignal): Promise<boolean> {
  const during = "looking for a layer";
  const answer = await client.ask({ method: "HEAD", path: `blobs/${digest}`, during }, signal);
  answer.resume();
  if (answer.statusCode === 200) return true;
  if (answer.statusCode === 404) return false;
  throw await client.refused(answer, during);
}

/** Frees what the registry keeps of an upload that will not be finished; a registry that cannot does it in time. */
export async function cancel({ client, during }: Upload, { location }: Session): Promise<void> {
  const answer = await client
    .ask({ method: "DELETE", path: location, during }, AbortSignal.timeout(5_000))
    .catch(() => null);
  answer?.resume();
}

/**
 * How far an upload came before its connection broke (distribution specification, "Pushing a blob in chunks").
 * @returns null when the registry does not know it any more, as registry 2.8.
 */
export async function progress(upload: Upload, session: Session): Promise<Session | null> {
  const { client, during, signal } = upload;
  const answer = await client.ask({ method: "GET", path: session.location, during }, signal);
  answer.resume();
  const range = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers.range ?? "");
  if (answer.statusCode !== 204 || !range) return null;
  return { ...session, location: locationOf(answer, session.location), offset: Number(range[1]) + 1 };
}
