import type { Model } from "../../../domain/model.ts";
import { UserError } from "../../../domain/problem.ts";
import type { Runtime, RuntimePlan } from "../../../ports/runtime.ts";

/** A runtime whose server comes with its base image: it adds the model and a few lines of configuration. */
export interface Preset {
  kind: string;
  formats: readonly string[] | null;
  defaultBase: string | null;
  plan(model: Model): Omit<RuntimePlan, "folders">;
}

/** Folder in the image where a model's files are, absolute: servers are started with absolute paths. */
export const modelPath = ({ name }: Model): string => `/models/${name}`;

/** The model's own file in the image, absolute. */
export const mainPath = (model: Model): string => `${modelPath(model)}/${model.facts["main"]}`;

const unserved = (kind: string, formats: readonly string[], { format }: Model): UserError =>
  new UserError([
    {
      code: "config.value",
      message: `the runtime ${kind} serves ${formats.join(", ")}, and the model is ${format}`,
      hint: "Choose another image.runtime, or export the model to a format it serves.",
      at: { file: "modelgate.yml", key: "image.runtime" },
    },
  ]);

/** @throws UserError `config.value` when a runtime does not serve the model's format. */
export function checkFormat({ kind, formats }: Pick<Runtime, "kind" | "formats">, model: Model): void {
  if (formats && !formats.includes(model.format)) throw unserved(kind, formats, model);
}

/** A preset as a runtime. */
export const presetRuntime = (preset: Preset): Runtime => ({
  kind: preset.kind,
  formats: preset.formats,
  defaultBase: preset.defaultBase,
  async plan(model) {
    checkFormat(preset, model);
    return { folders: [], ...preset.plan(model) };
  },
});
