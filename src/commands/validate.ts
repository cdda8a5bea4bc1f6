import { short } from "../domain/digest.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { validate } from "../stages/validate.ts";
import { modelToRelease } from "./convert.ts";
import type { Workshop } from "./workshop.ts";

/** The model of the configuration, validated. */
export const validateModel = async (shop: Workshop, signal: AbortSignal) => {
  const { model } = shop.config;
  const { path, facts } = await modelToRelease(shop, signal);
  const validated = await validate({
    name: model.name,
    path,
    source: shop.source,
    formats: shop.formats,
    contract: model.contract,
    maxBytes: model.maxBytes,
    signal,
    progress: (share) => shop.host.note(`hashing ${model.path}`, share),
  });
  return { ...validated, model: { ...validated.model, facts: { ...validated.model.facts, ...facts } } };
};

export async function validateCommand(shop: Workshop, signal: AbortSignal): Promise<Outcome> {
  const { model } = await shop.host.step("validate", () => validateModel(shop, signal));
  return {
    ...emptyOutcome,
    command: "validate",
    verdict: "none",
    headline: `${model.name} is a sound ${model.format} model (${short(model.digest)})`,
    model,
  };
}
