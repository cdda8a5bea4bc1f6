import { includes, type Level, type Permissions } from "../github/index.ts";

/** `permissions` as a workflow writes it. */
export type Written = string | Readonly<Record<string, Level>> | null | undefined;

/** Everything a workflow may ask for. */
const names = [
  ...["actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions", "id-token"],
  ...["issues", "models", "packages", "pages", "pull-requests", "security-events", "statuses"],
];

const all = (level: Level): Permissions => Object.fromEntries(names.map((name) => [name, level]));

/** Permissions in full; null when nothing is written. What is written leaves all else at none. */
export function readPermissions(written: Written): Permissions | null {
  if (written === undefined || written === null) return null;
  if (typeof written === "object") return written;
  if (written === "read-all") return all("read");
  if (written === "write-all") return all("write");
  throw new Error(`permissions: ${written} is nothing GitHub knows`);
}

/**
 * What a job of a called workflow gets: what it asks for, never more than the caller grants.
 * @throws Error where GitHub refuses to start the run.
 */
export function granted(asked: Permissions | null, caller: Permissions, where: string): Permissions {
  if (asked === null) return caller;
  for (const [name, level] of Object.entries(asked))
    if (!includes(caller[name], level))
      throw new Error(`${where} asks for ${name}: ${level}, but the caller grants ${caller[name] ?? "none"}`);
  return asked;
}

/** What is left of permissions in a run for a pull request of a fork. */
export const forFork = (permissions: Permissions): Permissions =>
  Object.fromEntries(
    Object.entries(permissions)
      .filter(([name]) => name !== "id-token")
      .map(([name, level]) => [name, level === "write" ? "read" : level]),
  );
