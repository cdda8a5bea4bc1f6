import type { Json } from "../domain/canonical.ts";
import type { Digest } from "../domain/digest.ts";
import type { EvidenceKind } from "../domain/evidence.ts";
import type { Release } from "../domain/release.ts";
import type { Workshop } from "./workshop.ts";

/** Attaches what a command found to the release's image. @returns what the outcome lists. */
export async function attach(
  { evidence, clock, host }: Workshop,
  release: Release,
  { kind, body }: { kind: EvidenceKind; body: Json },
  signal: AbortSignal,
): Promise<{ kind: EvidenceKind; digest: Digest }> {
  const about = { image: release.image, modelDigest: release.model.digest };
  const at = clock.now().toISOString();
  return { kind, digest: await evidence.attach({ kind, ...about, at, by: host.source, body }, signal) };
}
