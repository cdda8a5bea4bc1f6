import { formatImage } from "../domain/image.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import type { Request } from "../domain/request.ts";
import type { Change, Changed } from "../stages/change.ts";
import { promote } from "../stages/promote.ts";
import { rollback } from "../stages/rollback.ts";
import { expectationsOf, isSigned } from "./data.ts";
import { environmentOf, production, releaseOf } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

const changeOf = (shop: Workshop, environment: string, request: Request, signal: AbortSignal): Change => ({
  environment,
  platform: shop.platform(environment, "main"),
  ledger: shop.ledger,
  clock: shop.clock,
  source: shop.host.source,
  reason: request.reason,
  describe: (image, s) => shop.builder.describe(image, s),
  note: (text) => shop.host.note(text),
  signal,
});

const outcomeOf = (command: "promote" | "rollback", environment: string, changed: Changed): Outcome => ({
  ...emptyOutcome,
  command,
  verdict: "pass",
  headline: changed.deployment
    ? `${environment} runs ${changed.release.model.name} as ${formatImage(changed.release.image)}`
    : `${environment} runs ${formatImage(changed.release.image)} already`,
  environment,
  model: changed.release.model,
  image: changed.release.image,
  previousImage: changed.before,
  url: changed.running.endpoint.url,
  notes: changed.deployment?.interruption ? [changed.deployment.interruption] : [],
});

export async function promoteCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, production);
  const release = await releaseOf(shop, request, signal);
  const expectations = await shop.host.step("verify", () => expectationsOf(shop, release.model, signal));
  const changed = await shop.host.step("promote", () =>
    promote({ ...changeOf(shop, environment, request, signal), release, evidence: shop.evidence, expectations }),
  );
  return outcomeOf("promote", environment, changed);
}

export async function rollbackCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, production);
  const changed = await shop.host.step("rollback", () =>
    rollback({ ...changeOf(shop, environment, request, signal), evidence: shop.evidence, signed: isSigned(shop) }),
  );
  return outcomeOf("rollback", environment, changed);
}
