import { isObject } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { instancesOf, predictionsOf, rowsOf } from "./json/values.ts";

/**
 * A container of Vertex AI: what it is told in AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE is told here as well.
 * https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
 */
export const vertex = jsonProtocol({
  kind: "vertex",
  speaks: "Vertex AI's container contract",
  takes: ["vertex"],
  needs: "vertex",
  ready: (options) => [options.vertex!.health],
  infer: (_model, _inputs, options) => options.vertex!.predict,
  write: (inputs) => ({ instances: instancesOf(inputs) }),
  read(body) {
    if (!isObject(body)) throw new RangeError("it is not an object");
    return predictionsOf(body["predictions"], "predictions");
  },
  rows: rowsOf,
  namesModel: false,
});
