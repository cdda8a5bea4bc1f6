import { sha256 } from "../../src/domain/digest.ts";
import type { Release } from "../../src/domain/release.ts";

/** A release made of nothing but its name. */
export const releaseOf = (name: string, repository = "registry.example/acme/digits"): Release => ({
  model: {
    name: "digits",
    format: "onnx",
    digest: sha256(`model ${name}`),
    bytes: 1,
    files: [{ path: "digits.onnx", bytes: 1, digest: sha256(name) }],
    inputs: [{ name: "image", dtype: "float32", shape: [-1, 64] }],
    outputs: [{ name: "probabilities", dtype: "float32", shape: [-1, 10] }],
    facts: {},
  },
  image: { repository, digest: sha256(`image ${name}`) },
  protocol: "v2",
  port: 8080,
});
