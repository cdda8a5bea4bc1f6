import { type Envelope, envelopeToJSON, type TransparencyLogEntry } from "@sigstore/bundle";
import { pem } from "@sigstore/core";
import { z } from "zod";
import { accepted, ask, type Service, shaped } from "./ask.ts";

const hexBytes = z.hex().transform((text) => Buffer.from(text, "hex"));
const base64Bytes = z.base64().transform((text) => Buffer.from(text, "base64"));

/** An entry as Rekor v1 answers it: its one key is the entry's id (https://github.com/sigstore/rekor/blob/main/openapi.yaml). */
const answer = z.record(
  z.string(),
  z.object({
    body: base64Bytes,
    integratedTime: z.int(),
    logID: hexBytes,
    logIndex: z.int(),
    verification: z.object({
      signedEntryTimestamp: base64Bytes,
      inclusionProof: z.object({
        logIndex: z.int(),
        treeSize: z.int(),
        rootHash: hexBytes,
        hashes: z.array(hexBytes),
        checkpoint: z.string(),
      }),
    }),
  }),
);

/** Writes a signed envelope to the transparency log, whose entry proves that it did, and when. */
export async function logEntry(
  rekor: string,
  envelope: Envelope,
  certificate: Buffer,
  signal: AbortSignal,
): Promise<TransparencyLogEntry> {
  const service: Service = { name: `Rekor ${rekor}`, during: "writing to the transparency log", secret: null };
  const verifier = Buffer.from(pem.fromDER(certificate)).toString("base64");
  const proposedContent = { envelope: JSON.stringify(envelopeToJSON(envelope)), verifiers: [verifier] };
  const body = { apiVersion: "0.0.1", kind: "dsse", spec: { proposedContent } };
  const entries = new URL(`${rekor}/api/v1/log/entries`);
  let reply = await ask(service, { url: entries, body }, signal);
  // It is there when the answer to an earlier try was lost.
  if (reply.status === 409 && reply.location !== null)
    reply = await ask(service, { url: new URL(reply.location, entries) }, signal);
  const [entry] = Object.values(shaped(service, oneEntry, accepted(service, reply)));
  return inBundle(entry!, shaped(service, kindVersion, entry!.body));
}

const oneEntry = answer.refine((entries) => Object.keys(entries).length === 1);
const kindVersion = z.object({ kind: z.string(), apiVersion: z.string() });

function inBundle(
  entry: z.infer<typeof answer>[string],
  { kind, apiVersion }: z.infer<typeof kindVersion>,
): TransparencyLogEntry {
  const { inclusionProof, signedEntryTimestamp } = entry.verification;
  return {
    logIndex: String(entry.logIndex),
    logId: { keyId: entry.logID },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(entry.integratedTime),
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(inclusionProof.logIndex),
      treeSize: String(inclusionProof.treeSize),
      rootHash: inclusionProof.rootHash,
      hashes: inclusionProof.hashes,
      checkpoint: { envelope: inclusionProof.checkpoint },
    },
    canonicalizedBody: entry.body,
  };
}
