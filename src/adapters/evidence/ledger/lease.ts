import { randomUUID } from "node:crypto";
import { z } from "zod";
import { WorldError } from "../../../domain/problem.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Lease } from "../../../ports/ledger-store.ts";
import { readManifest } from "../../oci/content.ts";
import type { OciStore } from "../../oci/store.ts";
import { putArtifact } from "../artifact/manifest.ts";
import { broken } from "./entry.ts";
import { isGone, thisProcess } from "./holder.ts";

const leaseType = "application/vnd.modelgate.lease.v1+json";
const annotation = "dev.modelgate.lease";
const releaseTimeout = 15_000;

const record = z.strictObject({
  owner: z.string(),
  expires: z.iso.datetime(),
  nonce: z.string(),
  holder: z.strictObject({ machine: z.string(), pid: z.int().positive(), started: z.string() }),
  released: z.boolean(),
});
type LeaseRecord = z.infer<typeof record>;

/** Where the lease of an environment is kept. */
interface LeasePlace {
  store: OciStore;
  environment: string;
  tag: string;
}

async function readLease({ store, tag, environment }: LeasePlace, signal: AbortSignal): Promise<LeaseRecord | null> {
  const manifest = await store.manifest(tag, signal);
  if (!manifest) return null;
  const { annotations } = readManifest(manifest, store.repository);
  try {
    return record.parse(JSON.parse(annotations?.[annotation] ?? ""));
  } catch {
    const place = { environment, tag, repository: store.repository };
    throw broken(place, `the lease ${manifest.digest} cannot be read`);
  }
}

const writeLease = ({ store, tag }: LeasePlace, lease: LeaseRecord, signal: AbortSignal): Promise<unknown> => {
  const annotations = { [annotation]: JSON.stringify(lease) };
  return putArtifact(store, { artifactType: leaseType, layers: [], subject: null, annotations, tag }, signal);
};

/** The error when another run holds the environment, or got in between. */
export const locked = (environment: string, why: string, hint: string): WorldError =>
  new WorldError(
    { code: "promote.locked", message: `${environment} is being changed by another run: ${why}`, hint },
    { side: `ledger of ${environment}`, during: "taking the environment for this run", retryable: true },
  );

/**
 * Takes an environment for one act. A lease that was given back, ran out, or whose process on this machine is gone is taken
 * over. A registry has no compare-and-swap: the tag is read before and after it is written, and two runs that interleave
 * within these round trips can both believe they hold it. The concurrency group of the workflow is the first line of
 * defence; behind the lease, the ledger refuses an entry that does not follow the last one.
 * @throws WorldError `promote.locked`, naming the holder and the expiry.
 */
export async function takeLease(
  place: LeasePlace,
  clock: Clock,
  request: { owner: string; milliseconds: number },
  signal: AbortSignal,
): Promise<Lease> {
  const { environment, tag, store } = place;
  const now = clock.now().getTime();
  const held = await readLease(place, signal);
  if (held && !held.released && Date.parse(held.expires) > now && !(await isGone(held.holder))) {
    const hint = `Wait for it to end. If it was killed, its lease runs out then; or delete the tag ${tag} in ${store.repository}.`;
    throw locked(environment, `${held.owner} holds it until ${held.expires}`, hint);
  }
  const expires = new Date(now + request.milliseconds);
  const lease: LeaseRecord = {
    owner: request.owner,
    expires: expires.toISOString(),
    nonce: randomUUID(),
    holder: await thisProcess(),
    released: false,
  };
  await writeLease(place, lease, signal);
  const kept = await readLease(place, signal);
  if (kept?.nonce !== lease.nonce)
    throw locked(
      environment,
      `${kept?.owner ?? "somebody"} took it at the same moment`,
      "Try again when it has ended.",
    );
  return {
    owner: request.owner,
    expires,
    async [Symbol.asyncDispose]() {
      await giveBack(place, lease).catch(() => {
        // It runs out by itself; the outcome of the act matters more than this.
      });
    },
  };
}

async function giveBack(place: LeasePlace, lease: LeaseRecord): Promise<void> {
  const signal = AbortSignal.timeout(releaseTimeout);
  const held = await readLease(place, signal);
  if (held?.nonce === lease.nonce) await writeLease(place, { ...lease, released: true }, signal);
}
