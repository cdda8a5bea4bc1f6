import type { Dtype } from "./model.ts";

/** A tensor on its way to or from an endpoint: row-major flat data. 64-bit integers beyond 2^53 are bigints. */
export interface Tensor {
  dtype: Dtype;
  shape: readonly number[];
  data: readonly (number | bigint | string | boolean)[];
}

export type Tensors = Readonly<Record<string, Tensor>>;
