import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import { type Expectations, type Proof, proofKinds, type Verification, verification } from "../domain/verification.ts";
import type { Clock } from "../ports/clock.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";

export interface VerifyOptions {
  release: Release;
  evidence: EvidenceStore;
  /** The policy and data in force now, how old a verdict may be, and whether it must be signed. */
  expectations: Expectations;
  clock: Clock;
  signal: AbortSignal;
}

/** Reads all that a promotion of a release rests on, and checks it. Nothing is changed. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { release, expectations, clock } = options;
  const proof: Partial<Record<keyof Proof, Proof["verdict"]>> = {};
  for (const kind of proofKinds) proof[kind] = await statementsOf(kind, options);
  return verification(release, proof as Proof, { ...expectations, now: clock.now() });
}

/** The statements of a kind. That one cannot be read is a finding like any other. */
async function statementsOf(
  kind: keyof Proof,
  { evidence, release, signal }: VerifyOptions,
): Promise<Proof[typeof kind]> {
  try {
    return { statements: await evidence.list(release.image, kind, signal), problems: [] };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    return { statements: [], problems: error.problems };
  }
}
