import type { Dialect } from "../domain/dialect.ts";
import type { Digest } from "../domain/digest.ts";
import type { BadRequest } from "../domain/golden.ts";
import type { TensorSpec } from "../domain/model.ts";
import type { Endpoint } from "../domain/release.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { Crew, CrewCalls } from "./crew.ts";

export interface Readiness {
  ready: boolean;
  /** What the endpoint said, shortened, for messages. */
  detail: string;
}

/** What a served model says of itself. */
export interface ServedModel {
  name: string;
  /** Null when its protocol cannot say. */
  inputs: readonly TensorSpec[] | null;
  outputs: readonly TensorSpec[] | null;
  /** The digest the server computed over the model bytes it loaded; null when its protocol cannot say. */
  modelDigest: Digest | null;
}

/** One answer to one request. Times are on the monotonic clock, in milliseconds. */
export interface Answer {
  outputs: Tensors;
  /** When the first byte of the request was handed to the socket, and when the last byte of the answer was read. */
  sent: number;
  done: number;
  /** Of a streamed answer: when each event with content was read (monotonic ms, ascending, at least one), how many tokens came, and whether the server counted them. */
  stream?: { arrivals: readonly number[]; tokens: number; counted: boolean };
}

/** A request, encoded once and sent as often as wanted. */
export interface Call {
  /**
   * NaN and infinities in float outputs are delivered: what they mean is for the caller to say.
   * @throws WorldError `endpoint.unreachable` (retryable unless the signal's time ran out), `endpoint.answer` (a status, a
   * body that is not the protocol's, an id that is not the request's).
   */
  send(signal: AbortSignal): Promise<Answer>;
}

/** A conversation with one model at one endpoint. */
export interface Session extends AsyncDisposable {
  ready(signal: AbortSignal): Promise<Readiness>;
  metadata(signal: AbortSignal): Promise<ServedModel>;
  prepare(inputs: Tensors, id: string): Call;
  /**
   * Starts threads that send such calls, up to as many; null where this machine has no room for two beside what else runs. Absent:
   * the session has none.
   */
  hire?(calls: CrewCalls, threads: number): Crew | null;
}

/** A bad request and the statuses that are right for it. */
export interface Fault {
  id: string;
  /** With a success among them, the request is at the edge of what is right: it may also be answered soundly. */
  right: readonly number[];
  /**
   * Sends it. Status 0: the connection was closed while the request was still being sent, or for the sake of TLS.
   * @throws WorldError `endpoint.unreachable` when no answer came within the signal's time, `endpoint.answer` for a success
   * that is not sound.
   */
  send(signal: AbortSignal): Promise<{ status: number; body: string }>;
}

/** What every request carries: header → value. Credentials: they are in no message, no evidence and no report. */
export type Access = Readonly<Record<string, string>>;

/** PEM texts of a TLS connection. */
export interface Tls {
  /** Certificate authorities to trust, instead of the machine's. */
  ca?: string;
  /** Who asks: a certificate with its chain, and its private key. */
  client?: { cert: string; key: string };
  /** The name the server's certificate must have, where it is not the address's. */
  serverName?: string;
}

/** How requests are made, beyond what the protocol says. */
export interface RequestOptions extends Dialect {
  access?: Access;
  /** What the Host header says, where it is not the address's. */
  host?: string;
  /** One object for all requests that share connections. */
  tls?: Tls;
}

/** How an endpoint is spoken to. Without options requests carry nothing of the user's. */
export interface Protocol {
  readonly kind: string;
  /** What of a dialect it heeds. */
  readonly takes?: readonly (keyof Dialect)[];
  /** What of a dialect it cannot do without. */
  readonly needs?: keyof Dialect;
  connect(endpoint: Endpoint, model: string, options?: RequestOptions): Session;
  /** The negative tests of the protocol, made from one good request. */
  faults(endpoint: Endpoint, model: string, good: Tensors, options?: RequestOptions): readonly Fault[];
  /** A bad request of the user's own. */
  badRequest(endpoint: Endpoint, model: string, request: BadRequest, options?: RequestOptions): Fault;
}
