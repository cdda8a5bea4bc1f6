import { bomOf } from "../domain/bom.ts";
import type { Json } from "../domain/canonical.ts";
import { formatImage } from "../domain/image.ts";
import type { Model } from "../domain/model.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { provenanceOf } from "../domain/provenance.ts";
import type { BuildResult } from "../ports/builder.ts";
import type { ModelBytes } from "../ports/model-source.ts";
import { attach } from "./attach.ts";
import { validateModel } from "./validate.ts";
import type { Workshop } from "./workshop.ts";

/** Builds the image of a validated model and attaches the validation, the provenance and the bill of materials. */
export async function packageModel(
  shop: Workshop,
  { model, files }: { model: Model; files: readonly ModelBytes[] },
  signal: AbortSignal,
) {
  const startedAt = shop.clock.now().toISOString();
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
  const evidence: Awaited<ReturnType<typeof attach>>[] = [];
  for (const stated of statementsAbout(shop, built, startedAt))
    evidence.push(await attach(shop, built.release, stated, signal));
  return { ...built, evidence };
}

/** What is stated about an image that was just built. */
function statementsAbout({ config, version, runtime, host, clock }: Workshop, built: BuildResult, startedAt: string) {
  const { release, base } = built;
  const finishedAt = clock.now().toISOString();
  const made = { release, base, runtime: runtime.kind, version, source: host.source };
  const paths = { configPath: config.file, modelPath: config.model.path };
  const validation = { schema: 1, model: release.model as unknown as Json, base: base ? formatImage(base) : null };
  return [
    { kind: "validation", body: validation },
    { kind: "provenance", body: provenanceOf({ ...made, ...paths, startedAt, finishedAt }) },
    { kind: "bom", body: bomOf({ ...made, task: config.evaluate?.task ?? null, at: finishedAt }) },
  ] as const;
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
    evidence: built.evidence,
    notes: buildNotes(built),
  };
}
