import { z } from "zod";
import { UserError } from "../../../domain/problem.ts";
import type { Units } from "../shared/units.ts";
import { variable } from "../shared/variable.ts";

/** What the docker command reads itself cannot be handed through it. */
const secretName = z
  .string()
  .regex(/^(?!DOCKER_|PATH$|HOME$)[A-Za-z_]\w*$/, "write the name of a variable other than PATH, HOME and DOCKER_…");
const inside = z.string().regex(/^\/[^,"]*$/, "write an absolute path in the container, without commas and quotes");
/** An absolute path of the engine's machine, or the name of one of its volumes. */
const source = z
  .string()
  .regex(/^(\/[^,"]*|[A-Za-z\d][\w.-]*)$/, "write an absolute path or the name of a volume, without commas and quotes");

const volume = z.strictObject({
  source: source.describe("An absolute path on the engine's machine, or the name of a volume"),
  target: inside.describe("Where it is in the container"),
  writable: z.boolean().default(false).describe("Whether the container may write to it"),
});

const health = ({ duration }: Units) =>
  z.strictObject({
    command: z.string().min(1).describe("What the container's shell runs; exit code 0 is healthy"),
    every: duration("30 s").prefault("30 s").describe("From one check to the next"),
    timeout: duration("10 s").prefault("10 s").describe("How long a check may take"),
    retries: z.int().min(1).max(1000).default(3).describe("Checks that fail in a row before it is unhealthy"),
  });

/** What of a container a user may set. */
export const containerSettings = (units: Units) => ({
  memory: units.size("512 MB").optional().describe("Limit of the container's memory"),
  cpus: z.number().positive().optional().describe("How many processors it may use, such as 1.5"),
  gpus: z.string().min(1).optional().describe("Passed to docker run --gpus, such as all"),
  "shm-size": units.size("1 GB").optional().describe("Shared memory: servers of large models need more than 64 MB"),
  env: z.record(variable, z.string()).optional().describe("Environment of the container; no secrets"),
  secrets: z
    .record(secretName, variable)
    .optional()
    .describe("Environment of the container, from variables of the environment that modelgate runs in"),
  volumes: z.array(volume).optional().describe("Folders or volumes mounted into the container"),
  tmpfs: z.array(inside).optional().describe("Folders in memory that it may write to, beside /tmp"),
  "read-only": z.boolean().default(true).describe("Whether its own file system cannot be written"),
  user: z
    .string()
    .regex(/^\d+(:\d+)?$/, "write numbers such as 1000:1000")
    .optional()
    .describe("Who it runs as; by default the image's user, and 65532:65532 where that is root"),
  network: z.string().min(1).optional().describe("A network of the engine that it joins"),
  restart: z
    .enum(["no", "on-failure", "unless-stopped", "always"])
    .default("unless-stopped")
    .describe("When the engine starts it again, once it was ready"),
  health: health(units).optional().describe("A check that the engine repeats; docker ps shows what came of it"),
});

/** Sizes in bytes, times in milliseconds. What is not there is as its default. */
export type ContainerSettings = Partial<z.output<z.ZodObject<ReturnType<typeof containerSettings>>>>;

/** The image's own user, unless that is root. */
const userOf = (own: string): string => (/^(root|0)?(:|$)/.test(own) ? "65532:65532" : own);

const mounted = ({ source: from, target, writable }: z.output<typeof volume>): string =>
  [`type=${from.startsWith("/") ? "bind" : "volume"}`, `source=${from}`, `target=${target}`]
    .concat(writable ? [] : ["readonly"])
    .join(",");

const checked = ({ command, every, timeout, retries }: NonNullable<ContainerSettings["health"]>): string[] => [
  ...["--health-cmd", command, "--health-interval", `${every}ms`],
  ...["--health-timeout", `${timeout}ms`, "--health-retries", String(retries)],
];

/**
 * The words of `docker create` for settings. Without any, a container has a read-only root file system, no capabilities, cannot
 * gain any, and is not root.
 * @param ownUser the user that the image names.
 */
export function settingWords(settings: ContainerSettings, ownUser: string): string[] {
  const { memory, cpus, gpus, "shm-size": shared, env = {}, volumes = [], tmpfs = [] } = settings;
  const given = (flag: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [flag, String(value)];
  return [
    ...["--user", settings.user ?? userOf(ownUser), "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...((settings["read-only"] ?? true) ? ["--read-only"] : []),
    ...["/tmp", ...tmpfs].flatMap((path) => ["--tmpfs", path]),
    ...[...given("--memory", memory), ...given("--cpus", cpus), ...given("--gpus", gpus)],
    ...[...given("--shm-size", shared), ...given("--network", settings.network)],
    ...volumes.flatMap((one) => ["--mount", mounted(one)]),
    ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    // Values on the command line could be read by whoever lists the processes.
    ...Object.keys(settings.secrets ?? {}).flatMap((name) => ["--env", name]),
    ...(settings.health ? checked(settings.health) : []),
  ];
}

/**
 * The values of the secrets by their names in the container, for the environment of the docker command.
 * @throws UserError `input.missing` naming each variable that is not set.
 */
export function secretsOf(
  { secrets = {} }: ContainerSettings,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const missing = Object.entries(secrets).filter(([, name]) => !env[name]);
  if (missing.length === 0)
    return Object.fromEntries(Object.entries(secrets).map(([inContainer, name]) => [inContainer, env[name]!]));
  throw new UserError(
    missing.map(([inContainer, name]) => ({
      code: "input.missing",
      message: `the variable ${name} is not set: secrets.${inContainer} of the environment takes its value from it`,
      hint: "Set it where modelgate runs; in a workflow under env, from a secret.",
    })),
  );
}
