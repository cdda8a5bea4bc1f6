import type { Digest } from "../domain/digest.ts";
import { formatImage } from "../domain/image.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import {
  formatPart,
  mostParts,
  type Part,
  parsePart,
  type Shard,
  shardFromJson,
  shardToJson,
} from "../domain/shard.ts";
import { distrust, isTrusted } from "../domain/stated.ts";
import type { StoredEvidence } from "../ports/evidence-store.ts";
import { attach } from "./attach.ts";
import { isSigned } from "./data.ts";
import type { Workshop } from "./workshop.ts";

/** What of the rows a run of `evaluate` is about: one part to ask, or all parts to put together; null: all rows at once. */
export type Sharing = { ask: Part } | "merge" | null;

/** Reads `--shard`: `3/7` asks the third of seven parts, `all` puts the parts together. @throws UserError for anything else. */
export function sharingOf({ shard }: Pick<Request, "shard">): Sharing {
  if (shard === null) return null;
  if (shard === "all") return "merge";
  const part = parsePart(shard);
  if (part) return { ask: part };
  throw new UserError([
    {
      code: "input.shard",
      message: `"${shard}" is no part of the rows`,
      hint: `Write 3/7 to ask the third of seven parts (at most ${mostParts}), and all to put the parts together.`,
    },
  ]);
}

/** Attaches what a part of the rows was answered, signed as all evidence is. */
export const leaveShard = (shop: Workshop, release: Release, shard: Shard, signal: AbortSignal) =>
  attach(shop, release, { kind: "shard", body: shardToJson(shard) }, signal);

function read(stored: StoredEvidence): Shard {
  try {
    return shardFromJson(stored.body);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError([
      {
        code: "release.unreadable",
        message: `the shard ${stored.digest} cannot be read: ${error.message}`,
        hint: "Another version may have written it. Run modelgate evaluate --shard for every part again.",
      },
    ]);
  }
}

/**
 * The parts that were left for a release on these data: as many as the newest of them says, of each the newest that counts, and
 * of this workflow run where there is one.
 * @throws UserError `evaluate.shards` when some left nothing.
 */
export async function leftShards(
  shop: Workshop,
  release: Release,
  data: Digest,
  signal: AbortSignal,
): Promise<Shard[]> {
  const { run } = shop.host.source;
  const stored = await shop.evidence.list(release.image, "shard", signal);
  const [signed, own] = [isSigned(shop), stored.filter(({ by }) => run === null || by.run === run)];
  for (const stranger of own.filter((one) => !isTrusted(one, signed)))
    shop.host.note(distrust(stranger, "shard").message);
  const shards = own
    .filter((candidate) => isTrusted(candidate, signed))
    .map(read)
    .filter((shard) => shard.data.digest === data);
  const of = shards[0]?.part.of ?? 1;
  const parts = Array.from({ length: of }, (_, at): Part => ({ index: at + 1, of }));
  const found = parts.map(({ index }) => shards.find(({ part }) => part.index === index && part.of === of));
  const missing = parts.filter((_, at) => !found[at]).map(formatPart);
  if (missing.length > 0)
    throw new UserError([
      {
        code: "evaluate.shards",
        message: `of ${formatImage(release.image)} the shards ${missing.join(", ")} left no answers on these data${run === null ? "" : " in this run"}`,
        hint: `Run modelgate evaluate --shard ${missing[0]} first; every part must have ended well.`,
      },
    ]);
  return found.filter((shard) => shard !== undefined);
}
