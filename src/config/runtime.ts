import { needBase } from "../adapters/runtimes/index.ts";
import type { Report } from "./report.ts";
import type { Written } from "./schema.ts";

type Parts = { [Key in "image" | "environments" | "protocol"]: Written[Key] | null };

/** What a runtime other than the embedded server asks of the rest of the configuration. */
function presetProblems({ image, environments }: Parts, runtime: string, report: Report): void {
  if (image?.server !== undefined)
    report.value(
      ["image", "server"],
      `image.server is set, and the runtime ${runtime} applies no preprocessing of ours`,
      "Remove image.server, or use runtime: onnx.",
    );
  if (needBase.includes(runtime) && image?.base === undefined)
    report.missing(
      ["image", "runtime"],
      `image.base is missing: the runtime ${runtime} has no base image of its own`,
      "Name an image that holds the server and what the model needs, best by digest.",
    );
  for (const [name, { platform }] of Object.entries(environments ?? {}))
    if (platform === "local")
      report.value(
        ["environments", name, "platform"],
        `environments.${name} is local, and the runtime ${runtime} runs from its base image`,
        "The local platform runs the embedded server only: write platform: docker, or runtime: onnx.",
      );
}

/** What contradicts itself between the runtime and other keys. */
export function runtimeProblems(parts: Parts, report: Report): void {
  const { image, protocol } = parts;
  if (!image) return;
  const spoken = image.custom?.protocol;
  if (protocol && (spoken === "vertex" || spoken === "http") && protocol[spoken] === undefined)
    report.missing(
      ["image", "custom", "protocol"],
      `protocol.${spoken} is missing: it says where a server of the protocol ${spoken} is asked`,
      `Add protocol: { ${spoken}: { … } }; docs/runtimes.md has an example.`,
    );
  if (image.runtime === "custom" && !image.custom)
    report.missing(
      ["image", "runtime"],
      "image.custom is missing: it says how the server is started",
      "Add custom: { command, port, protocol }.",
    );
  if (image.runtime !== "custom" && image.custom)
    report.value(
      ["image", "custom"],
      `image.custom is set, and the runtime is ${image.runtime}`,
      "Remove image.custom, or write runtime: custom.",
    );
  if (image.runtime !== "onnx") presetProblems(parts, image.runtime, report);
}
