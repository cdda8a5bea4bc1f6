export { gitBranch } from "./branch.ts";
export { gitChanges } from "./git.ts";
