import { z } from "zod";
import { type Digest, isDigest } from "../../../domain/digest.ts";
import { isRepository } from "../../../domain/image.ts";
import type { LedgerEntry } from "../../../domain/ledger.ts";
import { UserError } from "../../../domain/problem.ts";

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "is not a sha256 digest");
const image = z.strictObject({ repository: z.string().refine(isRepository, "is not a repository"), digest });

const ledgerEntry: z.ZodType<LedgerEntry> = z.strictObject({
  environment: z.string(),
  sequence: z.int().positive(),
  previous: digest.nullable(),
  phase: z.enum(["intended", "done", "undone"]),
  act: z.enum(["promote", "rollback"]),
  image,
  modelDigest: digest,
  before: image.nullable(),
  verdict: digest.nullable(),
  reason: z.string(),
  actor: z.string(),
  at: z.iso.datetime(),
});

const page = z.strictObject({ entries: z.array(ledgerEntry).min(1) });

/** The error for a history that cannot be trusted. */
export const broken = (place: { environment: string; repository: string; tag: string }, why: string): UserError =>
  new UserError([
    {
      code: "ledger.broken",
      message: `the ledger of ${place.environment} in ${place.repository} does not hold: ${why}`,
      hint: `Nothing is changed while the history is in doubt. Find out who else writes to ${place.repository}; to begin a new history, delete the tag ${place.tag}.`,
    },
  ]);

/** The entries of a page. @throws RangeError that says what is wrong with it. */
export function parsePage(bytes: Uint8Array): LedgerEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RangeError("a page is not JSON", { cause });
  }
  const parsed = page.safeParse(json);
  if (parsed.success) return parsed.data.entries;
  const [issue] = parsed.error.issues;
  throw new RangeError(`${issue?.path.join(".") || "a page"}: ${issue?.message}`);
}
