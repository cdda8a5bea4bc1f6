import { isObject } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { instancesOf, predictionsOf, rowsOf } from "./json/values.ts";

const at = (model: string): string => `/v1/models/${encodeURIComponent(model)}`;

/**
 * KServe's v1 protocol: instances in, predictions out.
 * https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
 */
export const v1 = jsonProtocol({
  kind: "v1",
  speaks: "KServe's v1 protocol",
  // KServe writes true, and its older servers "True".
  isReady: (body) => isObject(body) && (body["ready"] === true || body["ready"] === "True"),
  infer: (model) => `${at(model)}:predict`,
  write: (inputs) => ({ instances: instancesOf(inputs) }),
  read(body) {
    if (!isObject(body)) throw new RangeError("it is not an object");
    return predictionsOf(body["predictions"], "predictions");
  },
  rows: rowsOf,
  namesModel: true,
});
