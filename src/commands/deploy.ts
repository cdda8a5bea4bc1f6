import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import { deploy } from "../stages/deploy.ts";
import { openBundle } from "./bundle.ts";
import { handedOver } from "./hand-over.ts";
import { environmentOf, production, releaseOf, staging } from "./pick.ts";
import { verifyRelease } from "./verify.ts";
import type { Workshop } from "./workshop.ts";

/** `deploy` is for judging a release; production takes only what `promote` lets through. */
export async function deployCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, staging);
  if (environment === production)
    throw new UserError([
      {
        code: "input.unknown-command",
        message: "deploy does not deploy to production",
        hint: "Use modelgate promote: it asks for a passing verdict, reads the digest back and keeps the ledger.",
      },
    ]);
  if (request.bundle !== null) return deployBundle(shop, request.bundle, environment, signal);
  const handed = request.image === null ? await handedOver(shop, signal) : null;
  if (request.image === null && !handed)
    throw new UserError([
      {
        code: "input.missing",
        message: "deploy needs an image",
        hint: "Give the image that modelgate package printed: --image repository@sha256:… In a workflow, package in the same run is enough.",
      },
    ]);
  return deployRelease(shop, handed ?? (await releaseOf(shop, request, signal)), environment, signal);
}

/** Deploys what a bundle holds, once it is verified. Nothing of a bundle that is not reaches the registry or the platform. */
async function deployBundle(shop: Workshop, path: string, environment: string, signal: AbortSignal): Promise<Outcome> {
  const { bundle, release, inside } = await openBundle(shop, path, signal);
  const verified = await verifyRelease(inside, release, signal);
  if (verified.verdict !== "pass") return { ...verified, command: "deploy", environment };
  const image = await shop.host.step("unpack", () => bundle.unpack(signal));
  return deployRelease(shop, { ...release, image }, environment, signal);
}

async function deployRelease(
  shop: Workshop,
  release: Release,
  environment: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { running, replaced, interruption } = await shop.host.step("deploy", () =>
    deploy(release, shop.platform(environment, "main"), signal),
  );
  return {
    ...emptyOutcome,
    command: "deploy",
    verdict: "none",
    headline: `${environment} runs ${release.model.name} at ${running.endpoint.url}`,
    environment,
    model: release.model,
    image: release.image,
    previousImage: replaced?.image ?? null,
    url: running.endpoint.url,
    notes: interruption ? [interruption] : [],
  };
}
