import type { Golden } from "../../domain/golden.ts";
import type { Endpoint } from "../../domain/release.ts";
import { shorten } from "../../domain/shorten.ts";
import type { Protocol } from "../../ports/protocol.ts";
import { answerTo } from "./goldens.ts";
import { type Asking, limited, Skipped } from "./step.ts";

/** What says that credentials are missing (RFC 9110, 15.5.2) or not enough (15.5.4). */
const refusals = [401, 403];

/** Whether a stranger's golden request is answered. Why it is not, the next request tells. */
async function isAnswered(stranger: Protocol, endpoint: Endpoint, model: string, options: Asking): Promise<boolean> {
  await using session = stranger.connect(endpoint, model);
  const [golden] = options.goldens as [Golden];
  return answerTo(session, golden, options).then(
    () => true,
    () => false,
  );
}

/**
 * S10: without credentials a golden request is not answered, and any request is refused with 401 or 403 before it is read, or
 * the connection is.
 * @param stranger the protocol without credentials; null: none are configured.
 */
export async function auth(
  stranger: Protocol | null,
  endpoint: Endpoint,
  model: string,
  options: Asking,
): Promise<string> {
  if (!stranger) throw new Skipped("no credentials are configured");
  if (await isAnswered(stranger, endpoint, model, options))
    throw new Error("a golden request without credentials is answered: anyone can ask the model");
  const probe = stranger.badRequest(endpoint, model, { id: "no credentials", body: "{}", status: refusals });
  const { status, body } = await probe.send(limited(options));
  if (status === 0) return "the connection is refused without credentials";
  if (!refusals.includes(status))
    throw new Error(
      `a request without credentials is answered ${status}, right is ${refusals.join(" or ")}: ${shorten(body, 200)}`,
    );
  return `refused with ${status} without credentials`;
}
