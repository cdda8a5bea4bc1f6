import { isObject } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { instancesOf, predictionsOf, rowsOf } from "./json/values.ts";

/**
 * TorchServe's inference API. What a handler takes is its own affair; with the JSON envelope (service_envelope=json) it takes
 * instances and gives predictions. https://github.com/pytorch/serve/blob/master/docs/inference_api.md
 */
export const torchserve = jsonProtocol({
  kind: "torchserve",
  speaks: "TorchServe's inference API",
  // With too few workers it answers 500 and another status.
  isReady: (body) => isObject(body) && body["status"] === "Healthy",
  infer: (model) => `/predictions/${encodeURIComponent(model)}`,
  write: (inputs) => ({ instances: instancesOf(inputs) }),
  read: (body) => predictionsOf(isObject(body) ? body["predictions"] : body, "predictions"),
  rows: rowsOf,
  namesModel: true,
});
