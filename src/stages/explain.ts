import type { Digest } from "../domain/digest.ts";
import { evidenceKinds } from "../domain/evidence.ts";
import type { ImageFacts, Told } from "../domain/explanation.ts";
import type { Image } from "../domain/image.ts";
import { type Problem, UserError, WorldError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import { readVerdict, type Verdict } from "../domain/verdict.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";

export interface FactsOptions {
  evidence: EvidenceStore;
  describe(image: Image, signal: AbortSignal): Promise<Release>;
  signal: AbortSignal;
}

/** What an error says against the thing that was read; a registry that does not answer says nothing against it, and is thrown. */
async function orProblems<T>(work: () => Promise<T> | T, problems: Problem[], none: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const damaged = error instanceof WorldError && error.problem.code === "registry.digest";
    if (!(error instanceof UserError) && !damaged) throw error;
    problems.push(...(damaged ? [error.problem] : (error as UserError).problems));
    return none;
  }
}

/** Reads all that the registry holds about an image. That something cannot be read is a finding like any other. */
export async function readFacts(image: Image, { evidence, describe, signal }: FactsOptions): Promise<ImageFacts> {
  const problems: Problem[] = [];
  const release = await orProblems(() => describe(image, signal), problems, null);
  const statements: Told[] = [];
  const verdicts: (Verdict & { digest: Digest })[] = [];
  for (const kind of evidenceKinds)
    for (const stated of await orProblems(() => evidence.list(image, kind, signal), problems, [])) {
      const { digest, modelDigest, at, by, signature } = stated;
      const verdict =
        kind === "verdict"
          ? await orProblems(() => readVerdict(stated.body, `the verdict ${digest}`), problems, null)
          : null;
      if (verdict) verdicts.push({ ...verdict, digest });
      // An evaluation holds the answers to every row: of a long history they would not fit.
      statements.push({ kind, digest, modelDigest, at, by, signature, body: null });
    }
  return { image, release, statements, verdicts, problems };
}
