import { isObject, type JsonValue } from "../../domain/json.ts";
import type { Tensor, Tensors } from "../../domain/tensor.ts";
import { jsonProtocol } from "./json/rest.ts";
import { listsOf, predictionsOf, rowsOf } from "./json/values.ts";

/** Whether a tensor has one value for each row: then it is a column. */
const isColumn = ({ shape }: Tensor): boolean => shape.length === 1 || (shape.length === 2 && shape[1] === 1);

/** Several columns are a data frame; an only input is the array, and others are arrays by name. */
function bodyOf(inputs: Tensors) {
  const entries = Object.entries(inputs);
  if (entries.length === 1) return { inputs: listsOf(entries[0]![1]) };
  if (!entries.every(([, tensor]) => isColumn(tensor)))
    return { inputs: Object.fromEntries(entries.map(([name, tensor]) => [name, listsOf(tensor)])) };
  const columns = entries.map(([, tensor]) => (listsOf(tensor) as JsonValue[]).flat());
  return {
    dataframe_split: {
      columns: entries.map(([name]) => name),
      data: Array.from({ length: rowsOf(inputs) }, (_, row) => columns.map((values) => values[row]!)),
    },
  };
}

/** MLflow's scoring server. https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ */
export const mlflow = jsonProtocol({
  kind: "mlflow",
  speaks: "MLflow's scoring protocol",
  infer: () => "/invocations",
  write: bodyOf,
  read(body) {
    if (!isObject(body)) throw new RangeError("it is not an object");
    return predictionsOf(body["predictions"], "predictions");
  },
  rows: rowsOf,
  namesModel: false,
});
