import { sha256 } from "../../src/domain/digest.ts";
import type { HandedOver, LegCommand } from "../../src/domain/hand-over.ts";
import type { HandOver } from "../../src/ports/hand-over.ts";
import { githubOrigin } from "./origin.ts";

/** A record of a job of the run 42. */
export const handedOverOf = (command: LegCommand, fields: Partial<HandedOver> = {}): HandedOver => ({
  command,
  model: "digits",
  run: githubOrigin.run!,
  attempt: 1,
  commit: githubOrigin.commit,
  verdict: "none",
  headline: `what ${command} did`,
  image: { repository: "registry.example/acme/digits", digest: sha256("image") },
  url: null,
  at: "2026-11-23T12:00:00.000Z",
  ...fields,
});

/** Hand-overs in memory. */
export function fakeHandOver(): HandOver {
  const records = new Map<string, HandedOver>();
  const key = (run: string, { attempt, model, command }: Pick<HandedOver, "attempt" | "model" | "command">): string =>
    JSON.stringify([run, attempt, model, command]);
  return {
    leave: async (run, record) => void records.set(key(run, record), structuredClone(record)),
    async find(wanted) {
      for (let attempt = wanted.attempt; attempt > 0; attempt--) {
        const found = records.get(key(wanted.run, { ...wanted, attempt }));
        if (found) return structuredClone(found);
      }
      return null;
    },
  };
}
