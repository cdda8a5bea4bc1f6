import type { Tensors } from "../../../domain/tensor.ts";
import type { Fault, RequestOptions } from "../../../ports/protocol.ts";
import { faultTable, wrongShape } from "../shared/faults.ts";
import { readOutputs, speaks } from "./answers.ts";
import { writeRequest } from "./tensors.ts";

/**
 * The negative tests, made from one good request by spoiling its first input.
 * @param infer where inferences are sent @param unknown the same of a model that does not exist @param options how each is made
 */
export function faultsOf(infer: URL, unknown: URL, good: Tensors, options: RequestOptions): Fault[] {
  const [first] = Object.entries(good);
  if (!first) return [];
  const [name, tensor] = first;
  return faultTable(
    {
      speaks,
      url: infer,
      options,
      unknown: { url: unknown, body: writeRequest("fault", good) },
      name,
      write: (inputs, id) => writeRequest(id, inputs),
      wrongShape: (id) => writeRequest(id, { ...good, [name]: { ...tensor, shape: wrongShape(tensor) } }),
      read: (answer, _inputs, id) => readOutputs(infer, answer, id),
    },
    good,
  );
}
