import type { Runtime } from "../../ports/runtime.ts";
import type { CustomServer } from "./preset/custom-server.ts";
import { presetRuntime } from "./preset/preset.ts";

/** A server that the user's base image holds: any format, as far as the server takes it. */
export const customRuntime = ({ command, port, protocol, ready, env }: CustomServer): Runtime =>
  presetRuntime({
    kind: "custom",
    formats: null,
    defaultBase: null,
    plan(model) {
      const folder = `/models/${model.name}`;
      const said = { model: folder, file: `${folder}/${model.facts["main"]}`, name: model.name };
      const filled = (text: string): string =>
        text.replaceAll(/\{(model|file|name)\}/g, (_, key: keyof typeof said) => said[key]);
      return {
        modelFolder: folder.slice(1),
        entrypoint: command.map(filled),
        env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, filled(value)])),
        port,
        protocol,
        ...(ready !== null && { readyPath: filled(ready) }),
      };
    },
  });
