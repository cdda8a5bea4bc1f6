import { z } from "zod";
import type { Clock } from "../../../ports/clock.ts";
import { readManifest } from "../../oci/content.ts";
import type { OciStore } from "../../oci/store.ts";
import { inParallel } from "../../system/parallel.ts";
import { putArtifact } from "../artifact/manifest.ts";
import { type Holder, isGone } from "./holder.ts";
import type { LedgerPlace } from "./read.ts";
import { checkedEnvironment } from "./tags.ts";

const claimType = "application/vnd.modelgate.lease.v1+json";
const annotation = "dev.modelgate.lease";
const claimsAtOnce = 8;
/** Clocks of machines may differ by this much: for so long after its end nobody takes over a lease. */
export const clockTolerance = 60_000;

/** Somebody's wish to have an environment alone. Its tag says when it runs out, so that old ones are never read. */
export interface Claim {
  id: string;
  expires: Date;
  owner: string;
  holder: Holder;
}

const said = z.object({
  owner: z.string(),
  holder: z.object({ machine: z.string(), pid: z.int().positive(), started: z.string() }),
});

/** A claim as a list of tags shows it. */
type Listed = Pick<Claim, "id" | "expires">;
/** A claim that was neither given back nor ran out, and its owner where that can be read. */
export type LivingClaim = Listed & { owner: string };

const prefixOf = (environment: string): string => `modelgate-lease-${checkedEnvironment(environment)}-`;
const tagOf = (environment: string, { id, expires }: Listed): string =>
  `${prefixOf(environment)}${expires.getTime()}-${id}`;
const ended = "-ended";

const artifactOf = ({ owner, holder, id }: Claim) => ({
  artifactType: claimType,
  layers: [],
  subject: null,
  annotations: { [annotation]: JSON.stringify({ id, owner, holder }) },
});

export const putClaim = ({ store, environment }: LedgerPlace, claim: Claim, signal: AbortSignal): Promise<unknown> =>
  putArtifact(store, { ...artifactOf(claim), tag: tagOf(environment, claim) }, signal);

/** Ends a claim for good: a second tag beside its own, since tags can be added to every registry and removed from few. */
export async function endClaim(place: LedgerPlace, claim: Listed, signal: AbortSignal): Promise<void> {
  const { store, environment } = place;
  const tag = tagOf(environment, claim);
  const manifest = await store.manifest(tag, signal);
  if (manifest) await store.putManifest({ ...manifest, tag: `${tag}${ended}` }, signal);
}

/** The claims that a list of tags shows as neither ended nor run out, the one that goes first first. */
export function listedClaims(environment: string, tags: readonly string[], now: Date): readonly Listed[] {
  const prefix = prefixOf(environment);
  const over = new Set(tags.filter((tag) => tag.endsWith(ended)).map((tag) => tag.slice(0, -ended.length)));
  return tags
    .flatMap((tag) => {
      const [, expires, id] = /^(\d{13})-([0-9a-f]{32})$/.exec(tag.slice(prefix.length)) ?? [];
      return id === undefined || over.has(tag) ? [] : [{ id, expires: new Date(Number(expires)) }];
    })
    .filter(({ expires }) => expires.getTime() + clockTolerance > now.getTime())
    .toSorted(inTurn);
}

/** Who goes first of two that took the environment at the same time. */
export const inTurn = (a: Listed, b: Listed): number =>
  a.expires.getTime() - b.expires.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** The claims that count now. Those of processes of this machine that are gone are ended on the way. */
export async function livingClaims(
  place: LedgerPlace,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly LivingClaim[]> {
  const { store, environment } = place;
  const listed = listedClaims(environment, await store.tags(prefixOf(environment), signal), clock.now());
  const living = await inParallel(listed, claimsAtOnce, async (claim): Promise<LivingClaim | null> => {
    const by = await readClaim(store, tagOf(environment, claim), signal);
    if (!by || !(await isGone(by.holder))) return { ...claim, owner: by?.owner ?? "somebody" };
    await endClaim(place, claim, signal).catch(() => undefined);
    return null;
  });
  return living.filter((claim) => claim !== null);
}

/** What a claim says of its owner; null when it cannot be read: it holds until it runs out all the same. */
async function readClaim(store: OciStore, tag: string, signal: AbortSignal): Promise<z.infer<typeof said> | null> {
  const manifest = await store.manifest(tag, signal);
  try {
    return manifest && said.parse(JSON.parse(readManifest(manifest, tag).annotations?.[annotation] ?? ""));
  } catch {
    return null;
  }
}
