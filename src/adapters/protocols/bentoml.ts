import { isObject } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { listsOf, predictionsOf, tensorOf } from "./json/values.ts";

/**
 * A BentoML service whose method is called predict: inputs are its arguments by name.
 * https://docs.bentoml.com/en/latest/build-with-bentoml/services.html
 */
export const bentoml = jsonProtocol({
  kind: "bentoml",
  speaks: "BentoML's HTTP API with a method predict",
  infer: () => "/predict",
  write: (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, listsOf(tensor)])),
  read: (body) =>
    isObject(body)
      ? Object.fromEntries(Object.entries(body).map(([name, value]) => [name, tensorOf(value, name)]))
      : predictionsOf(body, "predictions"),
  rows: () => null,
  namesModel: false,
});
