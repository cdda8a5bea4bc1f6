import type * as Grpc from "@grpc/grpc-js";
import type { Tls } from "../../ports/protocol.ts";
import { aborted, unreachable } from "./endpoint-failure.ts";

export interface GrpcRequest {
  /** `http:` is plain text, `https:` TLS; a path is not used. */
  url: URL;
  /** `/package.Service/Method` */
  method: string;
  /** The message, encoded. */
  message: Uint8Array;
  metadata?: Readonly<Record<string, string>>;
  /** What the authority says, where it is not the address's. */
  host?: string;
  tls?: Tls;
}

/** What a server answered. Times are on the monotonic clock, in ms: the call handed to the library, and its end. */
export interface GrpcAnswer {
  /** A status of https://github.com/grpc/grpc/blob/master/doc/statuscodes.md; 0 is well. */
  code: number;
  details: string;
  /** Encoded; empty where the status is not 0. */
  message: Buffer;
  sent: number;
  done: number;
}

const answerLimit = 64 * 2 ** 20;

/** The library takes as long to load as all the rest of the start: only who speaks gRPC waits for it. */
let library: Promise<typeof Grpc> | null = null;
const load = (): Promise<typeof Grpc> => (library ??= import(/* webpackMode: "eager" */ "@grpc/grpc-js"));

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const clients = new Map<string, Grpc.Client>();
const own = new WeakMap<Tls, Map<string, Grpc.Client>>();

function clientsOf(tls: Tls | undefined): Map<string, Grpc.Client> {
  if (!tls) return clients;
  const known = own.get(tls) ?? new Map<string, Grpc.Client>();
  own.set(tls, known);
  return known;
}

function credentialsOf({ credentials }: typeof Grpc, { url, tls }: GrpcRequest): Grpc.ChannelCredentials {
  if (url.protocol !== "https:") return credentials.createInsecure();
  const { ca, client } = tls ?? {};
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(pem(ca), pem(client?.key), pem(client?.cert));
}

/** Connections are shared by requests to the same place of the same TLS, and by nobody else. */
function clientFor(grpc: typeof Grpc, request: GrpcRequest): Grpc.Client {
  const { url, host, tls } = request;
  const known = clientsOf(tls);
  const place = `${url.origin} ${host ?? ""}`;
  const found = known.get(place);
  if (found) return found;
  const address = `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
  const made = new grpc.Client(address, credentialsOf(grpc, request), {
    "grpc.max_receive_message_length": answerLimit,
    "grpc.max_send_message_length": -1,
    // Whoever asks tries again by itself, and says so.
    "grpc.enable_retries": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.enable_http_proxy": loopback.test(url.hostname) ? 0 : 1,
    ...(host !== undefined && { "grpc.default_authority": host }),
    ...(tls?.serverName !== undefined && { "grpc.ssl_target_name_override": tls.serverName }),
  });
  known.set(place, made);
  return made;
}

function metadataOf({ Metadata }: typeof Grpc, { metadata = {} }: GrpcRequest): Grpc.Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(metadata)) made.set(name, value);
  return made;
}

const asIs = (message: Buffer): Buffer => message;

/**
 * Calls a unary method (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), with messages as bytes of at most 64 MB.
 * @throws WorldError `endpoint.unreachable` when no server answered, retryable unless the signal's time ran out; the signal's
 * reason when it aborts otherwise.
 */
export async function grpcSend(request: GrpcRequest, signal: AbortSignal): Promise<GrpcAnswer> {
  const grpc = await load();
  signal.throwIfAborted();
  const client = clientFor(grpc, request);
  const { url, method, message } = request;
  return new Promise((resolve, reject) => {
    const sent = performance.now();
    const call = client.makeUnaryRequest(
      method,
      asIs,
      asIs,
      Buffer.from(message.buffer, message.byteOffset, message.byteLength),
      metadataOf(grpc, request),
      (error, value) => {
        const done = performance.now();
        signal.removeEventListener("abort", cancel);
        if (signal.aborted) reject(aborted(url, signal.reason));
        else if (error?.code === grpc.status.UNAVAILABLE) reject(unreachable(url, unreachableFor(error.details)));
        else
          resolve({
            code: error?.code ?? 0,
            details: error?.details ?? "",
            message: value ?? Buffer.alloc(0),
            sent,
            done,
          });
      },
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
  });
}

/** The library tells of a certificate only in words. */
const certificate = /certificate|altnames/i;
const unreachableFor = (details: string): Error =>
  Object.assign(new Error(details), certificate.test(details) && { code: "CERT_" });

/** Whether a server of the Open Inference Protocol says now that it is ready. Nothing there is not ready. */
export async function grpcReady(url: string, signal: AbortSignal): Promise<boolean> {
  const method = "/inference.GRPCInferenceService/ServerReady";
  const answer = await grpcSend({ url: new URL(url), method, message: new Uint8Array() }, signal).catch(() => null);
  // ServerReadyResponse{ready: true}
  return answer?.code === 0 && answer.message.equals(Buffer.of(8, 1));
}
