import { goldenDifference } from "../../domain/difference.ts";
import type { Golden } from "../../domain/golden.ts";
import type { Session } from "../../ports/protocol.ts";
import { answerTo } from "./goldens.ts";
import { type Asking, message } from "./step.ts";

const clients = 8;
const requestsEach = 10;

/** What is wrong with the answer to one request among others, or null. */
async function wrong(session: Session, golden: Golden, options: Asking): Promise<string | null> {
  const { goldens, reading, signal } = options;
  try {
    const outputs = await answerTo(session, golden, options);
    const difference = goldenDifference(golden, outputs, reading);
    if (difference === null) return null;
    const owner = goldens.find((other) => goldenDifference(other, outputs, reading) === null);
    return owner
      ? `${golden.id} got the answer that belongs to ${owner.id}: answers are crossed`
      : `${golden.id}: ${difference}`;
  } catch (error) {
    signal.throwIfAborted();
    return `${golden.id}: ${message(error)}`;
  }
}

/**
 * S8: eight clients with ten golden requests each at the same time, and every answer is right. Clients begin at different
 * requests, so that unlike ones are under way together.
 */
export async function concurrency(session: Session, options: Asking): Promise<string> {
  const { goldens } = options;
  const client = async (first: number): Promise<(string | null)[]> => {
    const seen: (string | null)[] = [];
    // A server that hangs is not waited for more than once by each.
    for (let at = 0; at < requestsEach && (seen.at(-1) ?? null) === null; at++)
      seen.push(await wrong(session, goldens[(first + at) % goldens.length]!, options));
    return seen;
  };
  const seen = (await Promise.all(Array.from({ length: clients }, (_, first) => client(first)))).flat();
  const failures = seen.filter((one) => one !== null);
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${seen.length} answers with ${clients} clients are wrong; ${failures[0]}`);
  return `${seen.length} answers to ${clients} clients at the same time, all right`;
}
