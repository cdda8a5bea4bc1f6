import { digestOf, type Json } from "../../src/domain/canonical.ts";
import { toStatement } from "../../src/domain/evidence.ts";
import { formatImage } from "../../src/domain/image.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { EvidenceStore, StoredEvidence } from "../../src/ports/evidence-store.ts";

/** Evidence in memory. `images`: what there is to attach to; all, when it is not given. */
export function fakeEvidenceStore(images?: ReadonlySet<string>): EvidenceStore {
  const statements = new Map<string, Map<string, StoredEvidence>>();
  return {
    async attach(evidence) {
      const { image, kind, modelDigest, at, by, body } = evidence;
      const hint = "Package the model first.";
      const message = `there is no ${formatImage(image)}`;
      if (images && !images.has(formatImage(image)))
        throw new UserError([{ code: "release.not-found", message, hint }]);
      const digest = digestOf(toStatement(evidence) as unknown as Json);
      const about = statements.get(image.digest) ?? new Map<string, StoredEvidence>();
      statements.set(
        image.digest,
        about.set(digest, { digest, kind, modelDigest, at, by, body, signature: { status: "unsigned" } }),
      );
      return digest;
    },
    list: async (image, kind) =>
      [...(statements.get(image.digest)?.values() ?? [])]
        .filter((stored) => stored.kind === kind)
        .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at) || (a.digest < b.digest ? -1 : 1)),
  };
}
