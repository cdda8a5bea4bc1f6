import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { WorldError } from "../../../domain/problem.ts";
import type { Client } from "./client.ts";
import { readBody } from "./transport.ts";

const during = "listing the tags";
/** Tags asked for at a time; a registry may give fewer, and says where to go on. */
const pageLength = 1000;
/** For registries that give all at once: 128 characters for each of 200,000. */
const pageLimit = 32 * 2 ** 20;
/** How registries say that there is no such repository. Any other 404 says that they cannot list tags. */
const unknown = ["NAME_UNKNOWN", "NOT_FOUND"];

const list = z.object({ tags: z.array(z.string()).nullish() });

/** The address of the next page, from a Link header (RFC 8288). */
export const nextPage = (answer: IncomingMessage): string | null =>
  /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(answer.headers.link ?? ""))?.[1] ?? null;

/**
 * All tags of a repository (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-tags). distribution 2.8
 * ignores `n` and gives all at once; others give pages with a Link; some give full pages without one, and are asked behind
 * the last tag until no other page comes.
 */
export async function listTags(client: Client, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const asked = new Set<string>();
  for (let path: string | URL | null = `tags/list?n=${pageLength}`; path !== null; ) {
    const answer: IncomingMessage = await client.ask({ method: "GET", path, during }, signal);
    if (answer.statusCode !== 200) {
      const { status, codes, error } = await client.refusal(answer, during);
      if (status === 404 && found.size === 0 && codes.some((code) => unknown.includes(code))) return found;
      throw error;
    }
    const page = await readPage(client, answer, signal);
    for (const tag of page) found.add(tag);
    const next = nextPage(answer) ?? (page.length === pageLength ? behind(page.at(-1)!) : null);
    const url = next === null ? null : client.at(next);
    path = url === null || asked.has(url.href) ? null : url;
    if (url) asked.add(url.href);
  }
  return found;
}

const behind = (tag: string): string => `tags/list?n=${pageLength}&last=${encodeURIComponent(tag)}`;

async function readPage(client: Client, answer: IncomingMessage, signal: AbortSignal): Promise<readonly string[]> {
  const bytes = await readBody(answer, pageLimit).catch((error: unknown) => {
    throw client.unreachable(during, error, signal);
  });
  try {
    return list.parse(JSON.parse(bytes.toString("utf8"))).tags ?? [];
  } catch (cause) {
    throw new WorldError(
      {
        code: "registry.refused",
        message: `${client.host} answered a list of tags that cannot be read`,
        hint: "Look at what stands before the registry: a proxy may answer in its place.",
      },
      { side: `registry ${client.host}`, during, retryable: false, cause },
    );
  }
}
