import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

const digits = join(import.meta.dirname, "../../../../examples/digits");

/** Models of the example: champion 97.5 %, better 98 %, worse 86 % on the first 200 rows. */
export type Candidate = "champion" | "better" | "worse";

export const candidateBytes = (name: Candidate): Buffer => readFileSync(join(digits, "candidates", `${name}.onnx`));
export const goldenExamples = (): string => readFileSync(join(digits, "tests/golden.jsonl"), "utf8");

/** Code of a server that scales pixels the training did not scale: the file is good, what is served is not. */
export const skewedServer = (): string => readFileSync(join(digits, "candidates/skewed/preprocess.mjs"), "utf8");

/** Held-out rows: the header and the first of them. */
export const holdout = (rows: number): string =>
  `${readFileSync(join(digits, "data/holdout.csv"), "utf8")
    .split("\n")
    .slice(0, rows + 1)
    .join("\n")}\n`;

/** A model's folder, its ports, and where its images go. */
export interface ConsumerModel {
  name: string;
  /** models/<name> */
  folder: string;
  /** models/<name>/modelgate.yml */
  config: string;
  repository: string;
  ports: { staging: number; production: number };
}

/** Who signs, and whose signatures count. */
export type Signing =
  | { method: "key"; privateKey: string; publicKey: string }
  | { method: "keyless"; trustedRoot: string; repository: string; workflow?: string; ref?: string };

const trustOf = (signing: Signing): object =>
  signing.method === "key"
    ? { keys: ["modelgate.pub"] }
    : {
        identities: [
          {
            repository: signing.repository,
            workflow: signing.workflow ?? "modelgate/modelgate/.github/workflows/release.yml",
            ...(signing.ref !== undefined && { ref: signing.ref }),
          },
        ],
        "trusted-root": "trusted_root.json",
      };

/** The gates a consumer begins with: they hold for the champion and the better model, on 200 rows, and not for the worse. */
export const gates = ["accuracy >= 0.90", "accuracy >= champion - 3pp @90%"];

/** A modelgate.yml without a load test: a leg of the workflow takes seconds. @param more keys to add or to replace. */
export function configText(
  model: ConsumerModel,
  options: { signing: Signing; base: string | null; platform: "docker" | "local"; more: object },
): string {
  const { signing, base, platform, more } = options;
  const at = (environment: "staging" | "production"): object =>
    platform === "docker" ? { platform, port: model.ports[environment] } : { platform };
  return stringify(
    {
      model: { name: model.name, path: "model.onnx" },
      image: { repository: model.repository, ...(base !== null && { base }) },
      signing: { method: signing.method, ...(signing.method === "key" && { key: "MODELGATE_SIGNING_KEY" }) },
      trust: trustOf(signing),
      smoke: { examples: "golden.jsonl" },
      evaluate: {
        data: "holdout.csv",
        task: "multiclass",
        inputs: { image: "pixel_*" },
        label: "digit",
        id: "id",
        classes: "0123456789".split(""),
        slices: ["stroke"],
      },
      gates,
      environments: { staging: at("staging"), production: at("production") },
      ...more,
    },
    { lineWidth: 0 },
  );
}
