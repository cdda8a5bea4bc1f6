import { isObject, type JsonValue } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { instancesOf, predictionsOf, rowsOf, tensorOf } from "./json/values.ts";

const at = (model: string): string => `/v1/models/${encodeURIComponent(model)}`;

const isAvailable = (version: JsonValue): boolean => isObject(version) && version["state"] === "AVAILABLE";

/**
 * TensorFlow Serving's REST API in row format. It writes bare NaN and infinities, which are read as what they say.
 * https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
 */
export const tfserving = jsonProtocol({
  kind: "tfserving",
  speaks: "TensorFlow Serving's REST API",
  isReady(body) {
    const versions = isObject(body) ? body["model_version_status"] : null;
    return Array.isArray(versions) && versions.some(isAvailable);
  },
  infer: (model) => `${at(model)}:predict`,
  write: (inputs) => ({ instances: instancesOf(inputs) }),
  read(body) {
    if (!isObject(body)) throw new RangeError("it is not an object");
    const { outputs } = body;
    if (isObject(outputs))
      return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, tensorOf(value, name)]));
    return predictionsOf(body["predictions"] ?? outputs, "predictions");
  },
  rows: rowsOf,
  namesModel: true,
});
