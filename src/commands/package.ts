import type { Json } from "../domain/canonical.ts";
import { formatImage } from "../domain/image.ts";
import type { Model } from "../domain/model.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import type { BuildResult } from "../ports/builder.ts";
import type { ModelBytes } from "../ports/model-source.ts";
import { attach } from "./attach.ts";
import { validateModel } from "./validate.ts";
import type { Workshop } from "./workshop.ts";

/** Builds the image of a validated model and attaches the validation. */
export async function packageModel(
  shop: Workshop,
  { model, files }: { model: Model; files: readonly ModelBytes[] },
  signal: AbortSignal,
) {
  const runtime = await shop.runtime.plan(model, signal);
  const built = await shop.builder.build(
    {
      model,
      files,
      runtime,
      base: shop.config.image.base ?? (shop.config.image.repository === null ? null : shop.runtime.defaultBase),
    },
    signal,
  );
  const body = { schema: 1, model: model as unknown as Json, base: built.base ? formatImage(built.base) : null };
  return { ...built, evidence: await attach(shop, built.release, { kind: "validation", body }, signal) };
}

/** What a build did, for people. */
export const buildNotes = ({ base, sentBytes, reusedBytes }: BuildResult): string[] => [
  `${sentBytes} bytes sent, ${reusedBytes} bytes were there already`,
  base ? `base image ${formatImage(base)}` : "no base image: the local platform brings Node",
];

export async function packageCommand(shop: Workshop, signal: AbortSignal): Promise<Outcome> {
  const validated = await shop.host.step("validate", () => validateModel(shop, signal));
  const built = await shop.host.step("package", () => packageModel(shop, validated, signal));
  const { image } = built.release;
  return {
    ...emptyOutcome,
    command: "package",
    verdict: "none",
    headline: formatImage(image),
    model: validated.model,
    image,
    evidence: [built.evidence],
    notes: buildNotes(built),
  };
}
