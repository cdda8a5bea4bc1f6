import { githubView } from "./github.ts";

/** Where people see what is done. */
export const notifiers = { github: githubView };
