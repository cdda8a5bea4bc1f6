import type { Problem } from "../../src/domain/problem.ts";
import type { Host } from "../../src/ports/host.ts";

/** A host that remembers what it was told. */
export interface FakeHost extends Host {
  readonly steps: string[];
  readonly notes: string[];
  readonly warnings: Problem[];
}

export function fakeHost(): FakeHost {
  const steps: string[] = [];
  const notes: string[] = [];
  const warnings: Problem[] = [];
  return {
    source: { commit: "0123456789abcdef0123456789abcdef01234567", run: null, actor: "ada" },
    steps,
    notes,
    warnings,
    step(title, work) {
      steps.push(title);
      return work();
    },
    note: (text) => void notes.push(text),
    warn: (problem) => void warnings.push(problem),
  };
}
