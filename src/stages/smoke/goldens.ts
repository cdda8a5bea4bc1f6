import { goldenDifference, outputsDifference, type Reading } from "../../domain/difference.ts";
import type { Golden } from "../../domain/golden.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Session } from "../../ports/protocol.ts";
import { type Asking, limited } from "./step.ts";

/** Asks a golden request once. */
export const answerTo = async (session: Session, { inputs, id }: Golden, options: Asking): Promise<Tensors> =>
  (await session.prepare(inputs, id).send(limited(options))).outputs;

/** S4: a golden request answered as expected, twice the same way. */
export async function golden(session: Session, expected: Golden, options: Asking): Promise<string> {
  for (const time of ["", "the second time, "]) {
    const outputs = await answerTo(session, expected, options);
    const difference = goldenDifference(expected, outputs, options.reading);
    if (difference !== null) throw new Error(`${time}${difference}`);
  }
  return "as expected, twice";
}

/**
 * What an answer differs in from another answer to the same request, or null. Where only claims about texts are made the answers
 * need not be equal: the claims must hold of both.
 */
export function answersDifference(expected: Golden, got: Tensors, other: Tensors, reading: Reading): string | null {
  const exact = expected.expect.some(({ kind }) => kind === "outputs" || kind === "values" || kind === "label");
  return exact ? outputsDifference(got, other, expected) : goldenDifference(expected, got, reading);
}
