import type { ApprovalRequest } from "../../src/domain/approval.ts";
import { sha256 } from "../../src/domain/digest.ts";

/** A promotion that takes one approval of grace or heidi; ada asked for it and linus wrote the commit. */
export const requestOf = (fields: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  environment: "production",
  image: { repository: "ghcr.io/acme/digits", digest: sha256("image") },
  evidence: sha256("verdict"),
  policyLoosened: false,
  model: "digits",
  reason: "better on zeros",
  requestedBy: "ada",
  requestedAt: "2026-11-23T12:00:00Z",
  authors: ["linus"],
  allowed: ["grace", "heidi", "ada", "linus"],
  required: 1,
  expiresMilliseconds: 24 * 3_600_000,
  ...fields,
});
