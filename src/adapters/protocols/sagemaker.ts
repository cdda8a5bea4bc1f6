import { isObject } from "../../domain/json.ts";
import { jsonProtocol } from "./json/rest.ts";
import { instancesOf, predictionsOf, rowsOf } from "./json/values.ts";

/**
 * A container of SageMaker: what is sent to /invocations is the container's own affair; those of AWS take instances and give
 * predictions, or a bare list. https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
 */
export const sagemaker = jsonProtocol({
  kind: "sagemaker",
  speaks: "SageMaker's container contract",
  infer: () => "/invocations",
  write: (inputs) => ({ instances: instancesOf(inputs) }),
  read: (body) => predictionsOf(isObject(body) ? body["predictions"] : body, "predictions"),
  rows: rowsOf,
  namesModel: false,
});
