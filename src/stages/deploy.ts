import { formatImage } from "../domain/image.ts";
import { WorldError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import { isSame, type Seen } from "../domain/verdict.ts";
import type { Deployment, Platform } from "../ports/platform.ts";

/** What a platform must say is running when it runs a release. */
export const seenOf = (release: Release): Seen => ({ image: release.image, modelDigest: release.model.digest });

/** `repository@sha256:… with the model sha256:…`, or `nothing`. */
export const formatSeen = (seen: Seen | null): string =>
  seen ? `${formatImage(seen.image)} with the model ${seen.modelDigest}` : "nothing";

/**
 * Runs a release and asks the platform what runs: image and model bytes must be the release's.
 * @throws WorldError `promote.digest-mismatch`, and what the platform throws.
 */
export async function deploy(release: Release, platform: Platform, signal: AbortSignal): Promise<Deployment> {
  const deployment = await platform.deploy(release, signal);
  const running = await platform.current(signal);
  if (running && isSame(running, seenOf(release))) return { ...deployment, running };
  throw new WorldError(
    {
      code: "promote.digest-mismatch",
      message: `deployed ${formatSeen(seenOf(release))}, and the platform runs ${formatSeen(running)}`,
      hint: "Do not use what runs there. Somebody else deployed in between, or the image or the model was changed on its way.",
    },
    { side: `platform ${platform.kind}`, during: "reading back what runs", retryable: false },
  );
}
