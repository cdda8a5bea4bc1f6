import { isObject } from "../../domain/json.ts";
import type { Tensor, Tensors } from "../../domain/tensor.ts";
import { jsonProtocol } from "./json/rest.ts";
import { listsOf, predictionsOf } from "./json/values.ts";

/** Whether a tensor has one value for each row: then it is a column. */
const isColumn = ({ shape }: Tensor): boolean => shape.length === 1 || (shape.length === 2 && shape[1] === 1);

/** Several columns are a data frame; an only input is the array, and others are arrays by name. */
function bodyOf(inputs: Tensors) {
  const entries = Object.entries(inputs);
  if (entries.length === 1) return { inputs: listsOf(entries[0]![1]) };
  if (!entries.every(([, tensor]) => isColumn(tensor)))
    return { inputs: Object.fromEntries(entries.map(([name, tensor]) => [name, listsOf(tensor)])) };
  const rows = entries[0]?.[1].data.length ?? 0;
  return {
    dataframe_split: {
      columns: entries.map(([name]) => name),
      data: Array.from({ length: rows }, (_, row) => entries.map(([, { data }]) => data[row] ?? null)),
    },
  };
}

/** MLflow's scoring server. https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/ */
export const mlflow = jsonProtocol({
  kind: "mlflow",
  speaks: "MLflow's scoring protocol",
  ready: () => ["/ping", "/health"],
  infer: () => "/invocations",
  write: bodyOf,
  read(body, floats) {
    if (!isObject(body)) throw new RangeError("it is not an object");
    return predictionsOf(body["predictions"], "predictions", floats);
  },
  namesModel: false,
});
