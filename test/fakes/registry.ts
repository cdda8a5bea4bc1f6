import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ManifestBody, mediaTypes } from "../../src/adapters/oci/content.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { Access } from "./registry/access.ts";
import { Cut, errorBody, type Repository, referrersOf, tagsOf } from "./registry/repository.ts";
import { plainSwitches, type Switches } from "./registry/switches.ts";

/** One request as it came: what the tests ask about. */
interface Seen {
  line: string;
  authorization: string | undefined;
  /** Bytes of its body that came. */
  bytes: number;
  otherHost: boolean;
}

/** An OCI registry (distribution specification v1.1) in memory, on loopback, with switches for how registries differ. */
export class FakeRegistry {
  readonly switches: Switches = plainSwitches();
  readonly access = new Access(this.switches);
  readonly seen: Seen[] = [];
  readonly uploads = new Map<string, { repository: string; bytes: Buffer }>();
  readonly #repositories = new Map<string, Repository>();
  readonly #servers: Server[] = [];
  host = "";
  #otherHost = "";

  static async start(switches: Partial<Switches> = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry();
    Object.assign(registry.switches, switches);
    [registry.host, registry.#otherHost] = [await registry.#listen(false), await registry.#listen(true)];
    return registry;
  }

  async #listen(otherHost: boolean): Promise<string> {
    const server = createServer((request, response) => {
      const seen: Seen = {
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
        bytes: 0,
        otherHost,
      };
      this.seen.push(seen);
      const { socket } = request;
      this.#answer(request, response, seen).catch((error: unknown) => {
        if (error instanceof Cut) socket.destroy();
        else response.writeHead(500).end(String(error));
      });
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  repository(name: string): Repository {
    const known = this.#repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(name, known);
    return known;
  }

  /** Lines of the requests that match. */
  lines(pattern: RegExp): string[] {
    return this.seen.map(({ line }) => line).filter((line) => pattern.test(line));
  }

  /** Bytes of all bodies that came to blob uploads. */
  get uploadedBytes(): number {
    return this.seen.reduce((sum, { line, bytes }) => sum + (line.includes("/blobs/") ? bytes : 0), 0);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, seen: Seen): Promise<void> {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    if (url.pathname === "/token") {
      const { status, body } = this.access.token(url, request.headers.authorization ?? "");
      return void response.writeHead(status).end(JSON.stringify(body));
    }
    const match = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|referrers|tags)\/([^/]*)$/.exec(url.pathname);
    if (!match) return void response.writeHead(404).end();
    const [, name = "", kind, reference = ""] = match;
    const method = request.method ?? "";
    const action = method === "GET" || method === "HEAD" ? "pull" : "push";
    const challenge = seen.otherHost
      ? null
      : this.access.challenge(request, `repository:${name}:${action}`, `http://${this.host}/token`);
    if (challenge !== null) {
      response.writeHead(401, { "www-authenticate": challenge });
      return void response.end(errorBody("UNAUTHORIZED", "authentication required"));
    }
    const trouble = this.switches.troubles.find(({ when }) => when.test(seen.line));
    if (trouble) this.switches.troubles.splice(this.switches.troubles.indexOf(trouble), 1);
    if (trouble && !trouble.after) {
      response.writeHead(trouble.status, trouble.retryAfter === undefined ? {} : { "retry-after": trouble.retryAfter });
      return void response.end(trouble.code ? errorBody(trouble.code, "as it was told") : "<html>");
    }
    if (kind === "blobs/uploads")
      await this.#upload(request, response, { url, name, id: reference, seen, lost: trouble });
    else if (kind === "blobs") this.#blob(response, { name, digest: reference, method, seen });
    else if (kind === "manifests") await this.#manifest(request, response, { name, reference, seen });
    else if (kind === "tags") this.#tags(response, { name, url });
    else this.#referrers(response, { name, subject: reference, url });
  }

  #blob(response: ServerResponse, asked: { name: string; digest: string; method: string; seen: Seen }): void {
    const bytes = this.repository(asked.name).blobs.get(asked.digest);
    if (!bytes) return void response.writeHead(404).end(errorBody("BLOB_UNKNOWN", "no such blob"));
    if (this.switches.redirects && !asked.seen.otherHost) {
      const location = `http://${this.#otherHost}/v2/${asked.name}/blobs/${asked.digest}`;
      return void response.writeHead(307, { location }).end();
    }
    response.writeHead(200, { "content-length": bytes.length });
    response.end(asked.method === "HEAD" ? undefined : this.#served(bytes));
  }

  #served(bytes: Buffer): Buffer {
    if (!this.switches.tampers || bytes.length === 0) return bytes;
    const other = Buffer.from(bytes);
    other[0] = other[0]! ^ 1;
    return other;
  }

  /** Reads a body as far as the switches let it come. */
  async #body(request: IncomingMessage, seen: Seen, most: number): Promise<Buffer | null> {
    const declared = Number(request.headers["content-length"] ?? Number.NaN);
    if (declared > most) return null;
    const cut = declared === 0 ? undefined : this.switches.cuts.shift();
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      seen.bytes = size;
      if (size > most) return null;
      chunks.push(chunk);
      if (cut === 0) break;
    }
    const bytes = Buffer.concat(chunks);
    if (cut === undefined) return bytes;
    throw new Cut(bytes.subarray(0, Math.floor(bytes.length * cut)));
  }

  #begin(response: ServerResponse, url: URL, name: string): void {
    const [digest, from] = [url.searchParams.get("mount"), url.searchParams.get("from")];
    const there = digest !== null && from !== null ? this.repository(from).blobs.get(digest) : undefined;
    if (digest !== null && this.switches.mount === "refuses")
      return void response.writeHead(403).end(errorBody("DENIED", "no mounting"));
    if (there && digest !== null && this.switches.mount === "mounts") {
      this.repository(name).blobs.set(digest, there);
      return void response.writeHead(201, { location: `/v2/${name}/blobs/${digest}` }).end();
    }
    const id = randomUUID();
    this.uploads.set(id, { repository: name, bytes: Buffer.alloc(0) });
    const least = this.switches.leastPiece;
    const headers = { ...this.#location(name, id), ...(least > 0 && { "oci-chunk-min-length": String(least) }) };
    response.writeHead(202, headers).end();
  }

  #location(name: string, id: string): { location: string } {
    const path = `/v2/${name}/blobs/uploads/${id}?state=kept`;
    if (this.switches.location === "relative") return { location: path };
    return { location: `http://${this.switches.location === "absolute" ? this.host : this.#otherHost}${path}` };
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    { url, name, id, seen, lost }: { url: URL; name: string; id: string; seen: Seen; lost: object | undefined },
  ): Promise<void> {
    const method = request.method ?? "";
    if (method === "POST") return this.#begin(response, url, name);
    const upload = this.uploads.get(id);
    if (upload?.repository !== name || url.searchParams.get("state") !== "kept")
      return void response.writeHead(404).end(errorBody("BLOB_UPLOAD_UNKNOWN", "no such upload"));
    const range = () => ({ ...this.#location(name, id), range: `0-${Math.max(0, upload.bytes.length - 1)}` });
    if (method === "DELETE") return void (this.uploads.delete(id), response.writeHead(204).end());
    if (method === "GET" && this.switches.resumes) return void response.writeHead(204, range()).end();
    if (method === "GET") return void (this.uploads.delete(id), response.writeHead(404).end());
    const long = request.headers["content-length"] !== "0";
    if (method === "PATCH" ? this.switches.noPatch : this.switches.noPut && long)
      return void response.writeHead(405).end(errorBody("UNSUPPORTED", "not this way"));
    if (method === "PATCH" && Number(request.headers["content-length"] ?? 0) > this.switches.longestPatch)
      return void response.writeHead(416).end();
    const start = /^(\d+)-\d+$/.exec(request.headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== upload.bytes.length)
      return void response.writeHead(416).end(errorBody("RANGE_INVALID", "out of order"));
    const body = await this.#body(request, seen, this.switches.longestBody).catch((error: unknown) => {
      if (error instanceof Cut) upload.bytes = Buffer.concat([upload.bytes, error.bytes]);
      throw error;
    });
    if (!body) return void response.writeHead(413, { connection: "close" }).end("<html>");
    upload.bytes = Buffer.concat([upload.bytes, body]);
    if (method === "PATCH") return void response.writeHead(202, range()).end();
    const digest = url.searchParams.get("digest") ?? "";
    if (digest !== sha256(upload.bytes))
      return void response.writeHead(400).end(errorBody("DIGEST_INVALID", "provided digest did not match"));
    this.repository(name).blobs.set(digest, upload.bytes);
    this.uploads.delete(id);
    if (lost) throw new Cut(Buffer.alloc(0));
    response.writeHead(201, { "docker-content-digest": digest }).end();
  }

  async #manifest(
    request: IncomingMessage,
    response: ServerResponse,
    { name, reference, seen }: { name: string; reference: string; seen: Seen },
  ): Promise<void> {
    const { manifests, tags, blobs } = this.repository(name);
    if (request.method !== "PUT") {
      const found = manifests.get(tags.get(reference) ?? reference);
      if (!found) return void response.writeHead(404).end(errorBody("MANIFEST_UNKNOWN", "no such manifest"));
      response.writeHead(200, { "content-type": found.mediaType, "content-length": found.bytes.length });
      return void response.end(this.#served(found.bytes));
    }
    const bytes = (await this.#body(request, seen, 4 * 2 ** 20))!;
    const digest = sha256(bytes);
    if (reference.startsWith("sha256:") && reference !== digest)
      return void response.writeHead(400).end(errorBody("DIGEST_INVALID", "provided digest did not match"));
    const body = JSON.parse(bytes.toString("utf8")) as ManifestBody;
    const named = [...(body.config ? [body.config] : []), ...(body.layers ?? [])];
    const gone = named.find((blob) => !blobs.has(blob.digest));
    if (gone) return void response.writeHead(404).end(errorBody("MANIFEST_BLOB_UNKNOWN", gone.digest));
    manifests.set(digest, { mediaType: request.headers["content-type"] ?? "", bytes });
    if (!reference.startsWith("sha256:")) tags.set(reference, digest);
    const keeps = body.subject !== undefined && this.switches.referrers === "api";
    const subject = keeps ? { "oci-subject": body.subject!.digest } : {};
    response.writeHead(201, { "docker-content-digest": digest, ...subject }).end();
  }

  #tags(response: ServerResponse, { name, url }: { name: string; url: URL }): void {
    const page = tagsOf(this.repository(name), url, this.switches);
    if (!page) return void response.writeHead(404).end(errorBody("NAME_UNKNOWN", "repository name not known"));
    const link = page.last !== null && {
      link: `</v2/${name}/tags/list?n=${page.tags.length}&last=${page.last}>; rel="next"`,
    };
    response.writeHead(200, { "content-type": "application/json", ...link });
    response.end(JSON.stringify({ name, tags: page.tags.length > 0 ? page.tags : null }));
  }

  #referrers(response: ServerResponse, asked: { name: string; subject: string; url: URL }): void {
    if (this.switches.referrers === "tag") return void response.writeHead(404).end();
    const all = referrersOf(asked.subject, this.repository(asked.name).manifests);
    const from = Number(asked.url.searchParams.get("from") ?? 0);
    const next = from + this.switches.pageEntries;
    const path = `/v2/${asked.name}/referrers/${asked.subject}?from=${next}`;
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: all.slice(from, next) };
    response.writeHead(200, {
      "content-type": mediaTypes.index,
      ...(next < all.length && { link: `<${path}>; rel="next"` }),
    });
    response.end(JSON.stringify(index));
  }
}
