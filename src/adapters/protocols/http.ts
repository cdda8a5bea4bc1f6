import type { HttpTemplate } from "../../domain/dialect.ts";
import { isObject, type JsonValue } from "../../domain/json.ts";
import type { Tensors } from "../../domain/tensor.ts";
import { valueAt } from "./json/pointer.ts";
import { jsonProtocol } from "./json/rest.ts";
import { listsOf, rowsOf, tensorOf } from "./json/values.ts";

/** A text of a template that stands for the rows of an input, or for its only row. */
const mark = /^\{([^{}[\]]+)(\[0\])?\}$/;

const entries = (value: JsonValue): JsonValue[] =>
  Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];

/** The names of inputs in a template, and whether they stand for one row. */
const marksOf = (template: JsonValue): { name: string; single: boolean }[] => {
  const [, name, row] = typeof template === "string" ? (mark.exec(template) ?? []) : [];
  return name === undefined ? entries(template).flatMap(marksOf) : [{ name, single: row !== undefined }];
};

/** Whether a request carries one row, without a list around it. */
const isSingle = ({ body }: HttpTemplate): boolean => marksOf(body).some(({ single }) => single);

function filled(template: JsonValue, inputs: Tensors): JsonValue {
  if (Array.isArray(template)) return template.map((item) => filled(item, inputs));
  if (isObject(template))
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, inputs)]));
  const [{ name, single } = { name: null, single: false }] = marksOf(template);
  if (name === null) return template;
  const lists = listsOf(inputs[name]!);
  return single ? (lists as JsonValue[])[0]! : lists;
}

/** @throws RangeError for inputs that the template does not name, names that are no inputs, and rows for which it has no place. */
function bodyOf(inputs: Tensors, { body }: HttpTemplate): JsonValue {
  if (body === null) return Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, listsOf(tensor)]));
  const marks = marksOf(body);
  const left = Object.keys(inputs).find((input) => !marks.some(({ name }) => name === input));
  if (left !== undefined) throw new RangeError(`protocol.http.body has no place "{${left}}" for the input ${left}`);
  const unknown = marks.find(({ name }) => !Object.hasOwn(inputs, name));
  if (unknown) throw new RangeError(`protocol.http.body names "{${unknown.name}}", and there is no such input`);
  const many = marks.find(({ name, single }) => single && inputs[name]!.shape[0] !== 1);
  if (many)
    throw new RangeError(`protocol.http.body has a place for one row of ${many.name}: write "{${many.name}}" for all`);
  return filled(body, inputs);
}

/** Any server that takes JSON and answers JSON, told by a template. */
export const http = jsonProtocol({
  kind: "http",
  speaks: "what protocol.http says",
  takes: ["http"],
  needs: "http",
  ready: (options) => [options.http!.ready],
  infer: (_model, _inputs, options) => options.http!.path,
  write: (inputs, _model, options) => bodyOf(inputs, options.http!),
  read(body, options) {
    const { read } = options.http!;
    const single = isSingle(options.http!);
    return Object.fromEntries(
      Object.entries(read).map(([name, pointer]) => {
        const value = valueAt(body, pointer);
        return [name, tensorOf(single ? [value] : value, name)];
      }),
    );
  },
  rows: rowsOf,
  namesModel: false,
});
