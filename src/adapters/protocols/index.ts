import { bentoml } from "./bentoml.ts";
import { http } from "./http.ts";
import { mlflow } from "./mlflow.ts";
import { openai } from "./openai.ts";
import { sagemaker } from "./sagemaker.ts";
import { tei } from "./tei.ts";
import { tfserving } from "./tfserving.ts";
import { tgi } from "./tgi.ts";
import { torchserve } from "./torchserve.ts";
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";
import { v2Grpc } from "./v2-grpc.ts";
import { vertex } from "./vertex.ts";

/** How endpoints are spoken to: kind → protocol. */
export const protocols = {
  v2,
  v1,
  tfserving,
  openai,
  mlflow,
  sagemaker,
  bentoml,
  tei,
  tgi,
  vertex,
  torchserve,
  http,
  "v2-grpc": v2Grpc,
};

export { detect } from "./auto.ts";
