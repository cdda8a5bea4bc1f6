import { formatImage } from "../../../domain/image.ts";
import { UserError, WorldError } from "../../../domain/problem.ts";
import type { Release } from "../../../domain/release.ts";
import { runCommand } from "../../system/processes.ts";

/** What is read of `docker container inspect`. */
export interface Container {
  Id: string;
  Image: string;
  State: { Running: boolean; ExitCode: number; Error: string };
  RestartCount: number;
  Config: { Labels: Record<string, string> };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

const failed = (during: string, stderr: string): WorldError =>
  new WorldError(
    {
      code: "platform.unavailable",
      message: `docker failed while ${during}: ${stderr.trim().split("\n").slice(-3).join(" ") || "it is not installed or not on the path"}`,
      hint: "Check that docker works here: docker version. DOCKER_HOST and contexts are used as your own docker command uses them.",
    },
    { side: "docker engine", during, retryable: true },
  );

/** The docker command, which brings contexts, credentials and DOCKER_HOST with it. */
export function dockerEngine(env: Record<string, string>) {
  const docker = async (during: string, ...words: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCommand("docker", words, { env });
    if (exitCode !== 0) throw failed(during, stderr);
    return stdout.trim();
  };

  return {
    docker,
    /** Containers with a label, newest first. */
    async containers(label: string): Promise<Container[]> {
      const ids = (await docker("listing containers", "ps", "-a", "-q", "--no-trunc", "--filter", `label=${label}`))
        .split("\n")
        .filter((id) => id !== "");
      return ids.length === 0
        ? []
        : (JSON.parse(await docker("inspecting containers", "container", "inspect", ...ids)) as Container[]);
    },
    /** The references by digest under which the engine knows an image. */
    async digestsOf(image: string): Promise<string[]> {
      const [found] = JSON.parse(await docker("inspecting an image", "image", "inspect", image)) as {
        RepoDigests?: string[];
      }[];
      return found?.RepoDigests ?? [];
    },
    /** Pulls by digest, three tries. @throws UserError when the image is in the embedded registry. */
    async pull({ image }: Release): Promise<void> {
      const reference = formatImage(image);
      if (image.repository.startsWith("embedded/"))
        throw new UserError([
          {
            code: "config.value",
            message: `docker cannot pull ${reference}: the embedded registry is a folder`,
            hint: "Set image.repository to a registry that the engine can reach, and package again.",
            at: { file: "modelgate.yml", key: "image.repository" },
          },
        ]);
      for (let attempt = 1; ; attempt++) {
        const { exitCode, stderr } = await runCommand("docker", ["pull", "--quiet", reference], { env });
        if (exitCode === 0) return;
        if (attempt === 3 || /not found|denied|unauthorized|manifest unknown/i.test(stderr))
          throw failed(`pulling ${reference}`, stderr);
      }
    },
    /** The container's last log lines, both streams. */
    async lastLines(id: string): Promise<string> {
      const { stdout, stderr } = await runCommand("docker", ["logs", "--tail", "10", id], { env });
      return `${stdout}${stderr}`.trim() || "(it printed nothing)";
    },
  };
}
