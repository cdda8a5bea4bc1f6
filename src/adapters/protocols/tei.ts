import { jsonProtocol } from "./json/rest.ts";
import { floatsOf, onlyInput, rowsOf } from "./json/values.ts";

/** Text Embeddings Inference. https://huggingface.github.io/text-embeddings-inference/ */
export const tei = jsonProtocol({
  kind: "tei",
  speaks: "Text Embeddings Inference",
  infer: () => "/embed",
  write(inputs) {
    const [, { data }] = onlyInput(inputs, "Text Embeddings Inference");
    return { inputs: data.map(String) };
  },
  read: (body) => ({ embedding: floatsOf(body, "embedding") }),
  rows: rowsOf,
  namesModel: false,
});
