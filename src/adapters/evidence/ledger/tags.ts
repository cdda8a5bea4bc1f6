import { type Digest, hex, parseDigest } from "../../../domain/digest.ts";
import { UserError } from "../../../domain/problem.ts";

/**
 * The tags of an environment's history. A tag has at most 128 characters (OCI distribution specification, pulling manifests):
 * with an environment of 31, a checkpoint's has exactly that.
 */
export interface LedgerTags {
  /** Begins every tag below. */
  prefix: string;
  entry(digest: Digest): string;
  checkpoint(count: number, digest: Digest): string;
  /** Moved with each entry, to one that must be there. Only a hint: two writers may move it past each other. */
  head: string;
}

/** What tags say is there: the digests of entries, and checkpoints from the longest to the shortest. */
export interface Tagged {
  entries: ReadonlySet<Digest>;
  checkpoints: readonly { tag: string; count: number; digest: Digest }[];
}

/** @throws UserError `config.value` for a name that is no part of a tag. */
export function checkedEnvironment(environment: string): string {
  if (/^[a-zA-Z0-9._-]{1,31}$/.test(environment)) return environment;
  const message = `an environment cannot be called ${JSON.stringify(environment)}`;
  const hint = "Use at most 31 letters, digits, dots, dashes and underscores: its ledger is made of tags.";
  throw new UserError([{ code: "config.value", message, hint }]);
}

export function ledgerTags(environment: string): LedgerTags {
  const name = checkedEnvironment(environment);
  return {
    prefix: "modelgate-",
    entry: (digest) => `modelgate-ledger-${name}-${hex(digest)}`,
    checkpoint: (count, digest) => `modelgate-checkpoint-${name}-${count}-${hex(digest)}`,
    head: `modelgate-head-${name}`,
  };
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Picks the tags of an environment's history. Environments whose names begin alike are told apart by the length of a digest. */
export function readTags(environment: string, tags: readonly string[]): Tagged {
  const name = escaped(checkedEnvironment(environment));
  const entryTag = new RegExp(`^modelgate-ledger-${name}-([0-9a-f]{64})$`);
  const checkpointTag = new RegExp(`^modelgate-checkpoint-${name}-(\\d{1,10})-([0-9a-f]{64})$`);
  const entries = new Set<Digest>();
  const checkpoints: { tag: string; count: number; digest: Digest }[] = [];
  for (const tag of tags) {
    const [, entry] = entryTag.exec(tag) ?? [];
    if (entry !== undefined) entries.add(parseDigest(`sha256:${entry}`));
    const [, count, digest] = checkpointTag.exec(tag) ?? [];
    if (count !== undefined) checkpoints.push({ tag, count: Number(count), digest: parseDigest(`sha256:${digest}`) });
  }
  return { entries, checkpoints: checkpoints.toSorted((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1)) };
}
