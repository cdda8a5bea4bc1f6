import { z } from "zod";
import { canonicalJson, type Json } from "../../domain/canonical.ts";
import { type Digest, hex, isDigest, sha256 } from "../../domain/digest.ts";
import { type HandedOver, legCommands } from "../../domain/hand-over.ts";
import { isRepository } from "../../domain/image.ts";
import { UserError } from "../../domain/problem.ts";
import type { HandedOverKey, HandOver } from "../../ports/hand-over.ts";
import { readManifest } from "../oci/content.ts";
import type { OciStore } from "../oci/store.ts";
import { pushLayer, putArtifact } from "./artifact/manifest.ts";

const type = "application/vnd.modelgate.hand-over.v1+json";
const longestTag = 128;
/** Headlines repeat what models, data and servers say: no more than people read. */
const longestHeadline = 2000;

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "is not a sha256 digest");

const handedOver: z.ZodType<HandedOver> = z.strictObject({
  command: z.enum(legCommands),
  model: z.string(),
  run: z.string(),
  attempt: z.int().positive(),
  commit: z.string().nullable(),
  verdict: z.enum(["pass", "fail", "inconclusive", "error", "none"]),
  headline: z.string(),
  image: z.strictObject({ repository: z.string().refine(isRepository, "is not a repository"), digest }).nullable(),
  url: z.string().nullable(),
  at: z.iso.datetime(),
});

/**
 * One tag for each command, model and attempt, so that nothing is ever written over by another job. The model's name stands last:
 * it alone may have dots in it. A long one is cut, and told apart by its hash.
 */
export function handOverTag({ run, attempt, model, command }: HandedOverKey): string {
  const tag = `modelgate-run-${run}.${attempt}.${command}.${model}`;
  if (tag.length <= longestTag) return tag;
  const mark = `-${hex(sha256(model)).slice(0, 16)}`;
  return `${tag.slice(0, longestTag - mark.length)}${mark}`;
}

const damaged = (store: OciStore, tag: string, why: string): UserError =>
  new UserError([
    {
      code: "hand-over.damaged",
      message: `what a job of this run left at ${store.repository}:${tag} cannot be used: ${why}`,
      hint: "Run the jobs again from package on, and find out who else writes to this repository.",
    },
  ]);

async function read(store: OciStore, key: HandedOverKey, signal: AbortSignal): Promise<HandedOver | null> {
  const tag = handOverTag(key);
  const manifest = await store.manifest(tag, signal);
  if (!manifest) return null;
  const { layers = [], artifactType } = readManifest(manifest, store.repository);
  const data: unknown = layers[0]?.data;
  if (artifactType !== type || typeof data !== "string") throw damaged(store, tag, "it is no record of modelgate");
  const record = parsed(data);
  if (typeof record === "string") throw damaged(store, tag, record);
  const { model, command, attempt } = record;
  const about = `${command} of ${model} in attempt ${attempt}`;
  if (model === key.model && command === key.command && attempt === key.attempt) return record;
  throw damaged(store, tag, `it is about ${about}`);
}

/** The record, or what is wrong with it. */
function parsed(base64: string): HandedOver | string {
  try {
    const result = handedOver.safeParse(JSON.parse(Buffer.from(base64, "base64").toString("utf8")));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    return `${issue?.path.join(".")} ${issue?.message}`;
  } catch {
    return "it is not JSON";
  }
}

/** Hand-overs in the repository of a model's images: small artifacts, the record in the manifest itself so that one request reads it. */
export function createHandOver(store: OciStore): HandOver {
  return {
    async leave(run, record, signal) {
      const { command, model, attempt } = record;
      const short = { ...record, headline: record.headline.slice(0, longestHeadline) };
      const bytes = new TextEncoder().encode(canonicalJson(short as unknown as Json));
      const layer = { ...(await pushLayer(store, type, bytes, signal)), data: Buffer.from(bytes).toString("base64") };
      const tag = handOverTag({ run, attempt, model, command });
      await putArtifact(store, { artifactType: type, layers: [layer], subject: null, annotations: {}, tag }, signal);
    },
    async find(key, signal) {
      for (let attempt = key.attempt; attempt > 0; attempt--) {
        const record = await read(store, { ...key, attempt }, signal);
        if (record) return record;
      }
      return null;
    },
  };
}
