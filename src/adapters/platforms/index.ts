import { z } from "zod";
import type { Platform } from "../../ports/platform.ts";
import type { ScriptRunner } from "../../ports/script-runner.ts";
import type { OpenStore } from "../oci/store.ts";
import { type CommandOptions, commandPlatform } from "./command.ts";
import { containerSettings } from "./docker/settings.ts";
import { dockerPlatform } from "./docker.ts";
import { localPlatform } from "./local.ts";
import type { Units } from "./shared/units.ts";
import { variable } from "./shared/variable.ts";

/** One place of an environment, and what a platform may use there. */
export interface PlatformContext {
  /** Names the place among all of this machine: model, environment, main or champion. */
  slot: string;
  /** Folder the platform may keep things in. */
  folder: string;
  openStore: OpenStore;
  /** The environment of commands that are run. */
  env: Record<string, string>;
  /** Runs scripts in the folder of the configuration. */
  scripts: ScriptRunner;
}

const port = z.int().min(1).max(65_535).describe("A fixed port on the host; without it a free one is taken");

/** Where releases run: kind → the options a user may write, and how a place of it is made. */
export const platforms = {
  local: {
    options: () => z.strictObject({ port: port.optional() }),
    create: (options: { port?: number | undefined }, context: PlatformContext): Platform =>
      localPlatform(options, {
        folder: context.folder,
        openStore: context.openStore,
        searchPath: context.env["PATH"] ?? "",
      }),
  },
  docker: {
    options: (units: Units) =>
      z.strictObject({
        port: port.optional(),
        host: z.string().min(1).optional().describe("The address the port is published on, 127.0.0.1 by default"),
        ...containerSettings(units),
      }),
    create: (options: Parameters<typeof dockerPlatform>[0], context: PlatformContext): Platform =>
      dockerPlatform(options, { slot: context.slot, env: context.env }),
  },
  command: {
    options: ({ duration }: Units) =>
      z.strictObject({
        run: z
          .array(z.string().min(1))
          .min(1)
          .describe("The program and its words, run in the folder of this file; there is no shell"),
        env: z
          .array(variable)
          .default([])
          .describe("Variables it gets, such as the key of a service; of all others only PATH and its like"),
        timeout: duration("15 min").prefault("15 min").describe("How long a deployment or a removal may take"),
      }),
    create: (options: CommandOptions, { slot, scripts }: PlatformContext): Platform =>
      commandPlatform(options, { slot, scripts }),
  },
};

export type PlatformKind = keyof typeof platforms;
