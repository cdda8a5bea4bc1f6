import { githubView } from "./github.ts";

export type { GitHubSettings } from "./github.ts";

/** Where people see what is done. */
export const notifiers = { github: githubView };
