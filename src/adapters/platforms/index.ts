import { z } from "zod";
import type { Platform } from "../../ports/platform.ts";
import type { OpenStore } from "../oci/store.ts";
import { dockerPlatform } from "./docker.ts";
import { localPlatform } from "./local.ts";

/** One place of an environment, and what a platform may use there. */
export interface PlatformContext {
  /** Names the place among all of this machine: model, environment, main or champion. */
  slot: string;
  /** Folder the platform may keep things in. */
  folder: string;
  openStore: OpenStore;
  /** The environment of commands that are run. */
  env: Record<string, string>;
}

const port = z.int().min(1).max(65_535).describe("A fixed port on the host; without it a free one is taken");

/** Where releases run: kind → the options a user may write, and how a place of it is made. */
export const platforms = {
  local: {
    options: z.strictObject({ port: port.optional() }),
    create: (options: { port?: number | undefined }, context: PlatformContext): Platform =>
      localPlatform(options, {
        folder: context.folder,
        openStore: context.openStore,
        searchPath: context.env["PATH"] ?? "",
      }),
  },
  docker: {
    options: z.strictObject({
      port: port.optional(),
      host: z.string().min(1).optional().describe("The address the port is published on, 127.0.0.1 by default"),
      memory: z
        .string()
        .regex(/^\d+[bkmg]$/, "write a number and b, k, m or g, such as 512m")
        .optional()
        .describe("Limit of the container's memory, such as 512m"),
      gpus: z.string().min(1).optional().describe("Passed to docker run --gpus"),
      env: z
        .record(z.string().regex(/^[A-Za-z_]\w*$/, "write the name of an environment variable"), z.string())
        .optional()
        .describe("Environment of the container; no secrets"),
    }),
    create: (options: Parameters<typeof dockerPlatform>[0], context: PlatformContext): Platform =>
      dockerPlatform(options, { slot: context.slot, env: context.env }),
  },
};

export type PlatformKind = keyof typeof platforms;
