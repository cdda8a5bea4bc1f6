import { formatImage, type Image } from "../domain/image.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Endpoint } from "../domain/release.ts";
import type { Platform } from "../ports/platform.ts";
import type { Session } from "../ports/protocol.ts";
import { production, spokenBy } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** A {@link Champion}, and where it is spoken to. */
export type BesideCandidate =
  | { session: Session; image: Image; endpoint: Endpoint; model: string }
  | { unavailable: string; image: Image }
  | null;

/** Starts the release in production beside the candidate. What keeps it from starting is said, and is not the candidate's. */
async function startChampion(
  shop: Workshop,
  beside: Platform,
  image: Image,
  signal: AbortSignal,
): Promise<BesideCandidate> {
  try {
    const release = await shop.builder.describe(image, signal);
    const { running } = await beside.deploy(release, signal);
    const { endpoint } = await spokenBy(shop, running, release, signal);
    const model = release.model.name;
    return { session: shop.protocol(endpoint.protocol).connect(endpoint, model), image, endpoint, model };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError) && !(error instanceof WorldError)) throw error;
    shop.host.warn({
      code: "evaluate.no-champion",
      message: `the champion ${formatImage(image)} could not be deployed beside the candidate: ${error.message}`,
      hint: "Gates against the champion are errors in this run.",
    });
    return { unavailable: error.message, image };
  }
}

/** Runs work with the champion deployed beside the candidate, and takes it away afterwards unless others may still ask it. */
export async function besideChampion<T>(
  shop: Workshop,
  { environment, stays }: { environment: string; stays: boolean },
  signal: AbortSignal,
  work: (champion: BesideCandidate) => Promise<T>,
): Promise<T> {
  if (!Object.hasOwn(shop.config.environments, production)) return work(null);
  const running = await shop.platform(production, "main").current(signal);
  if (!running) return work(null);
  const beside = shop.platform(environment, "champion");
  try {
    const champion = await startChampion(shop, beside, running.image, signal);
    await using _session = champion && "session" in champion ? champion.session : null;
    return await work(champion);
  } finally {
    if (!stays) await removeChampion(shop, environment);
  }
}

/** Takes away what was deployed beside the candidate. That it stays is no reason to lose an evaluation. */
export const removeChampion = (shop: Workshop, environment: string): Promise<void> =>
  shop
    .platform(environment, "champion")
    .remove(AbortSignal.timeout(60_000))
    .catch(() => undefined);
