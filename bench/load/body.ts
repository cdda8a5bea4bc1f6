const numbers = Array.from({ length: 64 }, (_, at) => (at * 7) % 17).join(",");

/** What the peers send: the same size as the rows of the load generator. */
export const body = `{"id":"b","inputs":[{"name":"x","datatype":"FP32","shape":[1,64],"data":[${numbers}]}]}`;
