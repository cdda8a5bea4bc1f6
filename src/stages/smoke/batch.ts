import { batchable, isBatched, joined, parted } from "../../domain/golden/batch.ts";
import type { Model } from "../../domain/model.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Session } from "../../ports/protocol.ts";
import { answersDifference, answerTo } from "./goldens.ts";
import { type Asking, limited, Skipped } from "./step.ts";

const mostRequests = 8;

const only = (outputs: Tensors, names: readonly string[]): Tensors =>
  Object.fromEntries(Object.entries(outputs).filter(([name]) => names.includes(name)));

/** S6: golden requests in one batch are answered as each by itself, in their order. */
export async function batch(session: Session, { inputs, outputs }: Model, options: Asking): Promise<string> {
  if (!isBatched(inputs)) throw new Skipped("the model takes no batches: the first dimension of its inputs is fixed");
  const names = outputs.filter((spec) => isBatched([spec])).map(({ name }) => name);
  if (names.length === 0) throw new Skipped("no output of the model has a row for each row of a batch");
  const goldens = batchable(options.goldens, mostRequests);
  if (goldens.length === 0) throw new Skipped("the inputs of the golden requests have different numbers of rows");
  const singles: Tensors[] = [];
  for (const golden of goldens) singles.push(only(await answerTo(session, golden, options), names));
  const requests = goldens.map((golden) => golden.inputs);
  const answer = await session.prepare(joined(requests), "batch").send(limited(options));
  for (const [at, rows] of parted(answer.outputs, names, requests).entries()) {
    const golden = goldens[at]!;
    const difference = answersDifference(golden, rows, singles[at]!, options.reading);
    if (difference === null) continue;
    const other = singles.findIndex((single) => answersDifference(golden, rows, single, options.reading) === null);
    throw new Error(
      other < 0
        ? `in a batch of ${goldens.length}, ${golden.id} is answered unlike by itself: ${difference}`
        : `in a batch of ${goldens.length}, ${golden.id} is answered as ${goldens[other]!.id} is by itself: the order is not kept`,
    );
  }
  return `a batch of ${goldens.length} is answered as each by itself, in order`;
}
