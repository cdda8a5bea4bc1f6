import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import type { Verdict } from "../domain/verdict.ts";
import { gate } from "../stages/gate.ts";
import { standingOf } from "./baseline.ts";
import { isSigned, policyOf } from "./data.ts";
import { leavePassed } from "./hand-over.ts";
import { loadReport } from "./load-test.ts";
import { releaseOf } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** Data that judged more models than this tell little about the next one. */
const usedUp = 50;

/** How often the data have judged, for people. It decides nothing. */
const useNote = (uses: number): string =>
  `These data have judged ${uses === 1 ? "this model only" : `${uses} models`} so far.${
    uses > usedUp ? " Models are fitted to what they are tried on: take new data." : ""
  }`;

/** Judges the newest evaluation of a release, as read back from the registry, and attaches the verdict. */
export async function gateRelease(shop: Workshop, release: Release, signal: AbortSignal) {
  const standing = await standingOf(shop, signal);
  const { verdict, digest, evaluation } = await gate({
    release,
    policy: policyOf(shop.config),
    baseline: standing.kind === "compared" ? { ...standing, policy: policyOf(standing.config) } : null,
    evidence: shop.evidence,
    signed: isSigned(shop),
    note: (text) => shop.host.note(text),
    clock: shop.clock,
    source: shop.host.source,
    signal,
  });
  const uses = await shop.dataUses.record(evaluation.data.digest, release.image.digest, signal);
  if (verdict.verdict === "pass") await leavePassed(shop, release, signal);
  const evidence = { kind: "verdict" as const, digest };
  return { verdict, evaluation, flips: evaluation.flips, evidence, notes: [useNote(uses)] };
}

/** A verdict in one sentence. */
export function verdictHeadline(name: string, { verdict, checks, reasons }: Verdict): string {
  const of = (status: string) =>
    checks.filter((check) => check.status === status && check.severity === "required").map((check) => check.text);
  switch (verdict) {
    case "pass":
      return `${name} passes ${of("pass").length} gates${of("skipped").length > 0 ? `, ${of("skipped").length} skipped: there is no champion yet` : ""}`;
    case "fail":
      return `${name} fails ${of("fail").join(" and ")}`;
    case "inconclusive":
      return `${name} is neither shown to pass nor to fail ${of("inconclusive").join(" and ")}`;
    case "error":
      return `${name} could not be judged: ${[...reasons, ...checks.filter((check) => check.status === "error").map((check) => check.sentence)].join("; ") || "no gate was judged"}`;
  }
}

export async function gateCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const release = await releaseOf(shop, request, signal);
  const { verdict, evaluation, flips, evidence, notes } = await shop.host.step("gate", () =>
    gateRelease(shop, release, signal),
  );
  return {
    ...emptyOutcome,
    command: "gate",
    verdict: verdict.verdict,
    headline: verdictHeadline(release.model.name, verdict),
    model: release.model,
    image: release.image,
    previousImage: verdict.champion.image,
    judgement: verdict,
    flips,
    sections: loadReport(shop, evaluation),
    evidence: [evidence],
    notes,
  };
}
