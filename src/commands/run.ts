import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import type { Request } from "../domain/request.ts";
import { deploy } from "../stages/deploy.ts";
import { readRows } from "./data.ts";
import { evaluateRelease } from "./evaluate.ts";
import { gateRelease, verdictHeadline } from "./gate.ts";
import { loadReport } from "./load-test.ts";
import { buildNotes, packageModel } from "./package.ts";
import { environmentOf, staging } from "./pick.ts";
import { smokeRelease } from "./smoke.ts";
import { validateModel } from "./validate.ts";
import type { Workshop } from "./workshop.ts";

/** Everything up to the verdict. The data are read before anything is built: their problems are the cheapest to find first. */
export async function runCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const { host } = shop;
  const environment = environmentOf(shop, request, staging);
  const validated = await host.step("validate", () => validateModel(shop, signal));
  using data = await host.step("data", () => readRows(shop, validated.model, signal));
  const built = await host.step("package", () => packageModel(shop, validated, signal));
  const { release } = built;
  const { running, interruption } = await host.step("deploy", () =>
    deploy(release, shop.platform(environment, "main"), signal),
  );
  const smoked = await host.step("smoke", () => smokeRelease(shop, release, environment, signal));
  const so = {
    ...emptyOutcome,
    command: "run" as const,
    environment,
    model: release.model,
    image: release.image,
    url: running.endpoint.url,
    smoke: smoked.report,
    evidence: [...built.evidence, smoked.evidence],
    notes: [...buildNotes(built), ...(interruption ? [interruption] : [])],
  };
  if (!smoked.report.passed) {
    const failed = smoked.report.steps
      .filter((step) => !step.ok && step.level === "required")
      .map((step) => `${step.id}: ${step.detail}`);
    return { ...so, verdict: "fail", headline: `${release.model.name} fails its smoke test: ${failed.join("; ")}` };
  }
  const evaluated = await host.step("evaluate", () => evaluateRelease(shop, release, { data, environment }, signal));
  const judged = await host.step("gate", () => gateRelease(shop, release, signal));
  return {
    ...so,
    verdict: judged.verdict.verdict,
    headline: verdictHeadline(release.model.name, judged.verdict),
    previousImage: judged.verdict.champion.image,
    judgement: judged.verdict,
    flips: judged.flips,
    sections: loadReport(shop, evaluated.evaluation),
    notes: [...so.notes, ...judged.notes],
    evidence: [...so.evidence, evaluated.evidence, judged.evidence],
    files: { predictions: shop.files.path("predictions.jsonl") },
  };
}
