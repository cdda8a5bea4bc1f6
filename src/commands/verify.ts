import { formatImage } from "../domain/image.ts";
import { emptyOutcome, type Outcome, type Section } from "../domain/outcome.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import type { Verification } from "../domain/verification.ts";
import { verify } from "../stages/verify.ts";
import { resumedRequest } from "./approve.ts";
import { openBundle } from "./bundle.ts";
import { expectationsOf } from "./data.ts";
import { candidateOf } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** Each check with what was found, and what to do about each problem. */
const sectionsOf = ({ checks, problems }: Verification): Section[] => [
  {
    title: "Verification",
    columns: ["", "check", "what was found"],
    rows: checks.map(({ name, ok, detail }) => [ok ? "pass" : "fail", name, detail]),
    notes: [],
  },
  {
    title: "Attention",
    columns: ["problem", "what is wrong", "what to do"],
    rows: problems.map(({ code, message, hint }) => [code, message, hint]),
    notes: [],
  },
];

/** Checks all that a promotion of a release rests on, and says for each part what was checked. Nothing is changed. */
export async function verifyCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const opened = request.bundle === null ? null : await openBundle(shop, request.bundle, signal);
  const release = opened?.release ?? (await candidateOf(shop, await resumedRequest(shop, request, signal), signal));
  return verifyRelease(opened?.inside ?? shop, release, signal);
}

/** Checks a release by the evidence of a workshop. */
export async function verifyRelease(shop: Workshop, release: Release, signal: AbortSignal): Promise<Outcome> {
  const expectations = await shop.host.step("data", () => expectationsOf(shop, release.model, signal));
  const { evidence, clock } = shop;
  const found = await shop.host.step("verify", () => verify({ release, evidence, expectations, clock, signal }));
  const failed = found.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return {
    ...emptyOutcome,
    command: "verify",
    verdict: failed.length === 0 ? "pass" : "fail",
    headline:
      failed.length === 0
        ? `${formatImage(release.image)} is proved: ${found.checks.length} checks hold`
        : `${formatImage(release.image)} is not proved: ${failed.join(", ")}`,
    model: release.model,
    image: release.image,
    evidence: found.verdict ? [{ kind: "verdict", digest: found.verdict.digest }] : [],
    sections: sectionsOf(found),
  };
}
