import { writeJson } from "../../../domain/json.ts";
import type { Tensor, Tensors } from "../../../domain/tensor.ts";
import type { Fault } from "../../../ports/protocol.ts";
import { faultTable, mark, marked } from "../shared/faults.ts";
import { below } from "../shared/request.ts";
import { type Asked, answerOf, type JsonForm } from "./form.ts";

/** A tensor below itself, so that it has two rows at least. */
const twice = ({ shape: [rows, ...rest], data, ...tensor }: Tensor): Tensor => {
  if (rows === undefined) throw new RangeError("a single value has no rows");
  return { ...tensor, shape: [2 * rows, ...rest], data: [...data, ...data] };
};

/** Inputs whose last row of one is longer than the others, and the text in its last place that makes it so. */
function ragged(good: Tensors, name: string): { inputs: Tensors; text: string } {
  const inputs = Object.fromEntries(Object.entries(good).map(([each, tensor]) => [each, twice(tensor)]));
  const tensor = inputs[name]!;
  const last = writeJson(tensor.data.at(-1) ?? 0);
  return {
    inputs: { ...inputs, [name]: { ...tensor, data: [...tensor.data.slice(0, -1), mark] } },
    text: tensor.shape.length === 1 ? `[${last}]` : `${last},${last}`,
  };
}

/** The negative tests of a form, made from one good request by spoiling the first input it needs. */
export function faultsOf(form: JsonForm, { endpoint, model, options }: Asked, good: Tensors): Fault[] {
  const name = Object.keys(good).find((each) => form.own?.includes(each) ?? true);
  if (name === undefined) return [];
  const stranger = "modelgate-no-such-model";
  const url = below(endpoint, form.infer(model, good, options));
  const write = (inputs: Tensors): string => {
    if (Object.keys(inputs).length === 0) throw new RangeError("a request without inputs is an empty object");
    return writeJson(form.write(inputs, model, options));
  };
  return faultTable(
    {
      speaks: form.speaks,
      url,
      options,
      unknown: form.namesModel
        ? {
            url: below(endpoint, form.infer(stranger, good, options)),
            body: writeJson(form.write(good, stranger, options)),
          }
        : null,
      name,
      write,
      wrongShape() {
        const { inputs, text } = ragged(good, name);
        return marked(write(inputs), text);
      },
      read: (answer, inputs) => answerOf(form, url, { inputs, options }, answer).outputs,
    },
    good,
  );
}
