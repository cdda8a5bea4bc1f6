import type { z } from "zod";
import type { WorldError } from "../../../domain/problem.ts";
import { bytesSource } from "../../oci/content.ts";
import { isPassing, readBody, send, sendRetried } from "../../oci/registry/transport.ts";
import { sigstoreFailed } from "./failure.ts";

/** A service that takes part in signing, and what it is asked for: both for messages. */
export interface Service {
  name: string;
  during: string;
  /** What must not be said, whoever repeats it. */
  secret: string | null;
}

export interface Question {
  url: URL;
  headers?: Record<string, string>;
  /** Sent as JSON; without it the question is a GET. */
  body?: unknown;
}

export interface Reply {
  status: number;
  location: string | null;
  body: Buffer;
}

const largest = 4 * 2 ** 20;
const timeout = 30_000;

/** That a service failed, with the reason and without the secret. */
export function failed({ name, during, secret }: Service, why: string, retryable: boolean): WorldError {
  const said = secret === null ? why : why.replaceAll(secret, "***");
  return sigstoreFailed({ service: name, during, why: said.slice(0, 500), retryable });
}

/** Asks a service, again when that may help. @throws WorldError `signing.sigstore` when there is no answer. */
export async function ask(service: Service, { url, headers, body }: Question, signal: AbortSignal): Promise<Reply> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const json = body === undefined ? null : bytesSource(new TextEncoder().encode(JSON.stringify(body)));
  const question = {
    method: json ? "POST" : "GET",
    url,
    headers: { accept: "application/json", ...(json && { "content-type": "application/json" }), ...headers },
    ...(json && { body: json }),
  };
  try {
    const answer = await sendRetried(() => send(question, within), within);
    const { statusCode: status = 0, headers: answered } = answer;
    return { status, location: answered.location ?? null, body: await readBody(answer, largest) };
  } catch (error) {
    signal.throwIfAborted();
    throw failed(service, within.aborted ? `no answer in ${timeout / 1000} s` : messageOf(error), true);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The body of an answer that is a yes. @throws WorldError `signing.sigstore` with the service's own words when it is not. */
export function accepted(service: Service, { status, body }: Reply): Buffer {
  if (status >= 200 && status < 300) return body;
  throw failed(service, `it answered ${status}${wordsOf(body)}`, isPassing(status));
}

function wordsOf(body: Buffer): string {
  try {
    const { message } = JSON.parse(body.toString("utf8")) as { message?: unknown };
    return typeof message === "string" ? `: ${message}` : "";
  } catch {
    return "";
  }
}

/** That a service answered with something else than it should. */
export const malformed = (service: Service): WorldError =>
  failed(service, "its answer is not of the form it should have", false);

/** An answer of a shape. @throws WorldError `signing.sigstore` when it has another. */
export function shaped<T>(service: Service, shape: z.ZodType<T>, body: Buffer): T {
  try {
    return shape.parse(JSON.parse(body.toString("utf8")));
  } catch {
    throw malformed(service);
  }
}
