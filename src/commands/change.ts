import { formatImage } from "../domain/image.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import type { Request } from "../domain/request.ts";
import type { Change, Changed } from "../stages/change.ts";
import { isWithheld, promote } from "../stages/promote.ts";
import { rollback } from "../stages/rollback.ts";
import { approveWith, closeRequest, resumedRequest, withheldOutcome } from "./approve.ts";
import { needsAgreement, standingOf } from "./baseline.ts";
import { expectationsOf, isSigned } from "./data.ts";
import { candidateOf, environmentOf, production } from "./pick.ts";
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

export async function promoteCommand(shop: Workshop, asked: Request, signal: AbortSignal): Promise<Outcome> {
  const request = await resumedRequest(shop, asked, signal);
  const environment = environmentOf(shop, request, production);
  const release = await candidateOf(shop, request, signal);
  const expectations = await shop.host.step("verify", () => expectationsOf(shop, release.model, signal));
  const standing = await standingOf(shop, signal);
  const policyLoosened = needsAgreement(shop, standing);
  // Who may agree to a loosened policy is not for that policy to say.
  const { approval: rule } = (standing.kind === "compared" ? standing.config : shop.config).promotion;
  const approve = approveWith(shop, { environment, release, reason: request.reason, policyLoosened, rule });
  const change = changeOf(shop, environment, request, signal);
  const result = await shop.host.step("promote", () =>
    promote({ ...change, release, evidence: shop.evidence, expectations, approve }),
  );
  if (isWithheld(result)) return withheldOutcome(shop, { environment, release }, result, signal);
  await closeRequest(shop, environment, result, signal);
  return outcomeOf("promote", environment, result);
}

export async function rollbackCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, production);
  const changed = await shop.host.step("rollback", () =>
    rollback({ ...changeOf(shop, environment, request, signal), evidence: shop.evidence, signed: isSigned(shop) }),
  );
  return outcomeOf("rollback", environment, changed);
}
