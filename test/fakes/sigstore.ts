import { createHash, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  tsaHandler,
} from "@sigstore/mock";

const issuer = "https://token.actions.githubusercontent.com";

/** What GitHub says of a job in its identity token. `certificate_subject` becomes the name in the certificate. */
export const trustedJob = {
  iss: issuer,
  sub: "repo:acme/digits:ref:refs/heads/main",
  certificate_subject: "https://github.com/acme/kit/.github/workflows/release.yml@refs/tags/v1",
  job_workflow_ref: "acme/kit/.github/workflows/release.yml@refs/tags/v1",
  workflow_ref: "acme/digits/.github/workflows/model.yml@refs/heads/main",
  repository: "acme/digits",
  repository_owner: "acme",
  repository_visibility: "private",
  ref: "refs/heads/main",
  sha: "0123456789012345678901234567890123456789",
  run_id: "7",
  run_attempt: "1",
};

type Claims = Partial<Record<keyof typeof trustedJob, string>>;

const key = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const base64 = (bytes: ArrayBufferView): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
const digest = (bytes: string | Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
const wholeSeconds = (): number => Math.floor(Date.now() / 1000) * 1000;

/** What the log keeps of an envelope, as Rekor makes it of what it is sent. */
function logged(body: string) {
  const { spec } = JSON.parse(body) as { spec: { proposedContent: { envelope: string; verifiers: [string] } } };
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: [{ sig: string }] };
  const hash = (bytes: string | Uint8Array) => ({ algorithm: "sha256", value: digest(bytes).toString("hex") });
  return {
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: hash(envelope),
      payloadHash: hash(Buffer.from(payload, "base64")),
      signatures: [{ signature: signatures[0].sig, verifier: verifiers[0] }],
    },
  };
}

/** GitHub's identity tokens and both instances of Sigstore on loopback: real certificates, timestamps and log entries. */
export class FakeSigstore {
  /** The token of the next job says this. */
  claims: Claims = trustedJob;
  /** What the token service answers instead; null: a token. */
  tokenAnswer: { status: number; body: string } | null = null;
  /** Services that fail: the part of their address → status and message. */
  readonly failing = new Map<string, { status: number; message: string }>();
  /** Whether the log has an entry already, and says where. */
  conflict = false;
  /** Whether nothing but the token service answers. `asked` ends when something else was asked. */
  silent = false;
  readonly #asked = Promise.withResolvers<void>();
  readonly asked = this.#asked.promise;
  #known = "";
  /** What was asked, in order. */
  readonly seen: string[] = [];
  /** The clocks of the certificate authority and of the timestamp authority: no fractions, which its form cannot hold. */
  readonly clocks = { certificate: new Date(wholeSeconds()), timestamp: new Date(wholeSeconds()) };
  readonly secret = "request-token";
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #handlers: Record<string, (body: string) => Promise<{ statusCode: number; response: string | ArrayBufferView }>> = {};
  #root: Record<string, unknown> = {};

  /** @param logged whether certificates go to a certificate transparency log. */
  static async start({ logged: isLogged = true } = {}): Promise<FakeSigstore> {
    const sigstore = new FakeSigstore();
    sigstore.#server.listen(0, "127.0.0.1");
    await once(sigstore.#server, "listening");
    await sigstore.#initialise(isLogged);
    return sigstore;
  }

  async #initialise(isLogged: boolean): Promise<void> {
    const ctlog = await initializeCTLog(key());
    const ca = await initializeCA(key(), isLogged ? ctlog : undefined, this.clocks.certificate);
    const tsa = await initializeTSA(key(), this.clocks.timestamp);
    const tlog = await initializeTLog("https://rekor.sigstore.dev", key());
    const fulcio = fulcioHandler(ca, { strict: true, subjectClaim: "certificate_subject" });
    this.#handlers = {
      [fulcio.path]: fulcio.fn,
      [tsaHandler(tsa).path]: tsaHandler(tsa).fn,
      "/api/v1/log/entries": async (body) => ({
        statusCode: 201,
        response: JSON.stringify(await tlog.log(logged(body) as never)),
      }),
    };
    // Not before the roots, which were just made.
    for (const clock of Object.values(this.clocks)) clock.setTime(wholeSeconds());
    const start = new Date(Date.now() - 86_400_000).toISOString();
    const authority = (...certificates: ArrayBufferView[]) => ({
      subject: { organization: "sigstore.mock", commonName: "mock" },
      uri: this.url,
      certChain: { certificates: certificates.map((bytes) => ({ rawBytes: base64(bytes) })) },
      validFor: { start },
    });
    const log = (baseUrl: string, publicKey: Buffer, id: string) => ({
      baseUrl,
      hashAlgorithm: "SHA2_256",
      publicKey: { rawBytes: base64(publicKey), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: { start } },
      logId: { keyId: id },
    });
    this.#root = {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [log("https://rekor.sigstore.dev", tlog.publicKey, base64(digest(tlog.publicKey)))],
      certificateAuthorities: [authority(ca.rootCertificate)],
      ctlogs: [log(this.url, ctlog.publicKey, base64(ctlog.logID))],
      timestampAuthorities: [authority(tsa.intCertificate, tsa.rootCertificate)],
    };
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The content of a trusted_root.json, without some of its parts. */
  trustedRoot(...without: ("tlogs" | "ctlogs" | "timestampAuthorities")[]): string {
    return JSON.stringify({ ...this.#root, ...Object.fromEntries(without.map((part) => [part, []])) });
  }

  /** The variables of a job that may ask for tokens. */
  get env(): Record<string, string> {
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.url}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: this.secret,
    };
  }

  /** Where the instances are; their addresses differ, what answers is the same. */
  get services() {
    return {
      "public-good": { fulcio: `${this.url}/good`, timestamp: this.url, rekor: `${this.url}/good` },
      github: { fulcio: `${this.url}/github`, timestamp: this.url, rekor: null },
    };
  }

  get token(): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "RS256" })}.${part(this.claims)}.c2lnbmF0dXJl`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    this.seen.push(pathname);
    if (pathname === "/token") {
      const allowed = request.headers.authorization === `Bearer ${this.secret}`;
      const isFor = allowed && searchParams.get("audience") === "sigstore";
      const { status, body } = this.tokenAnswer ?? { status: isFor ? 200 : 401, body: `{"value":"${this.token}"}` };
      return void response.writeHead(status, { "content-type": "application/json" }).end(body);
    }
    this.#asked.resolve();
    if (this.silent) return;
    if (pathname.endsWith("/known")) return void response.writeHead(200).end(this.#known);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const handler = Object.entries(this.#handlers).find(([path]) => pathname.endsWith(path))?.[1];
    const failure = [...this.failing].find(([part]) => pathname.includes(part))?.[1];
    if (failure)
      return void response
        .writeHead(failure.status, { "content-type": "application/json" })
        .end(JSON.stringify({ message: failure.message }));
    if (!handler) return void response.writeHead(404).end();
    const answer = await handler(Buffer.concat(chunks).toString());
    if (this.conflict && typeof answer.response === "string" && pathname.endsWith("/log/entries")) {
      this.#known = answer.response;
      return void response.writeHead(409, { location: "/api/v1/log/entries/known" }).end();
    }
    response.writeHead(answer.statusCode, { "content-type": "application/json" });
    response.end(
      typeof answer.response === "string" ? answer.response : Buffer.from(base64(answer.response), "base64"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
