import { embeddedHost, formatImage, type Image } from "../../../domain/image.ts";
import { UserError, WorldError } from "../../../domain/problem.ts";
import { pause } from "../../system/clock.ts";
import { runCommand } from "../../system/processes.ts";

/** What is read of `docker container inspect`. */
export interface Container {
  Id: string;
  Image: string;
  RestartCount: number;
  State: { Running: boolean; ExitCode: number; Error: string };
  Config: { Labels: Record<string, string> };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> | null };
}

/** What is read of `docker image inspect`. */
interface EngineImage {
  RepoDigests?: string[];
  Config?: { User?: string } | null;
}

export const failed = (during: string, stderr: string): WorldError =>
  new WorldError(
    {
      code: "platform.unavailable",
      message: `docker failed while ${during}: ${stderr.trim().split("\n").slice(-3).join(" ") || "it gave no reason"}`,
      hint: "Check that docker works here: docker version. DOCKER_HOST and contexts are used as your own docker command uses them.",
    },
    { side: "docker engine", during, retryable: true },
  );

const cannotPull = (image: Image): UserError =>
  new UserError([
    {
      code: "config.value",
      message: `docker cannot pull ${formatImage(image)}: the embedded registry is a folder`,
      hint: "Set image.repository to a registry that the engine can reach, and package again.",
      at: { file: "modelgate.yml", key: "image.repository" },
    },
  ]);

const tries = 3;
const firstPause = 500;
/** What trying again does not change. */
const final = /not found|denied|unauthorized|manifest unknown|invalid reference|cannot connect to the docker daemon/i;

/** The docker command, which brings contexts, credentials and DOCKER_HOST with it. */
export function dockerEngine(env: Record<string, string>) {
  /** Runs one docker command. Without a signal it is for clearing up, which an abort does not stop. */
  async function docker(during: string, words: readonly string[], signal?: AbortSignal): Promise<string> {
    const { exitCode, stdout, stderr } = await runCommand("docker", words, { env, ...(signal && { signal }) });
    if (exitCode !== 0) throw failed(during, stderr);
    return stdout.trim();
  }

  async function inspectImage(name: string, signal: AbortSignal): Promise<EngineImage | null> {
    const { exitCode, stdout } = await runCommand("docker", ["image", "inspect", name], { env, signal });
    return exitCode === 0 ? ((JSON.parse(stdout) as EngineImage[])[0] ?? null) : null;
  }

  return {
    docker,
    /** Containers with a label. */
    async containers(label: string, signal?: AbortSignal): Promise<Container[]> {
      const words = ["ps", "--all", "--quiet", "--no-trunc", "--filter", `label=${label}`];
      const ids = (await docker("listing containers", words, signal)).split("\n").filter((id) => id !== "");
      if (ids.length === 0) return [];
      return JSON.parse(await docker("inspecting containers", ["container", "inspect", ...ids], signal)) as Container[];
    },
    /** The references by digest under which the engine knows an image; none when it does not know it. */
    digestsOf: async (image: string, signal: AbortSignal): Promise<readonly string[]> =>
      (await inspectImage(image, signal))?.RepoDigests ?? [],
    /**
     * Brings an image by digest: one that is there already is not asked for again, so going back works without the registry.
     * @returns the user the image names, empty when it names none.
     * @throws UserError for an image of the embedded registry; WorldError after three tries.
     */
    async pull(image: Image, signal: AbortSignal): Promise<string> {
      if (image.repository.startsWith(`${embeddedHost}/`)) throw cannotPull(image);
      const reference = formatImage(image);
      for (let attempt = 1; ; attempt++) {
        const found = await inspectImage(reference, signal);
        if (found) return found.Config?.User ?? "";
        const { exitCode, stderr } = await runCommand("docker", ["pull", "--quiet", reference], { env, signal });
        if (exitCode !== 0 && (attempt === tries || final.test(stderr))) throw failed(`pulling ${reference}`, stderr);
        if (exitCode !== 0) await pause(firstPause * 2 ** (attempt - 1) * (0.5 + Math.random()), signal);
      }
    },
    /** The container's last log lines, both streams. */
    async lastLines(id: string): Promise<string> {
      const { stdout, stderr } = await runCommand("docker", ["logs", "--tail", "10", id], { env });
      return `${stdout}${stderr}`.trim() || "(it printed nothing)";
    },
  };
}
