import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A configuration folder for the docker command with more logins than the user's own, which is left as it is: what else lies
 * there (contexts, plugins) is linked. Only this user can read it, and it goes when the process ends.
 * @param config the content of config.json. @returns the folder, for DOCKER_CONFIG.
 */
export function dockerConfigFolder(config: object, own: string, temporaryFolder: string): string {
  const folder = mkdtempSync(join(temporaryFolder, "modelgate-docker-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "config.json"), JSON.stringify(config), { mode: 0o600 });
  let names: string[] = [];
  try {
    names = readdirSync(own);
  } catch {
    // There is no folder of the user's own.
  }
  for (const name of names.filter((one) => one !== "config.json")) symlinkSync(join(own, name), join(folder, name));
  return folder;
}
