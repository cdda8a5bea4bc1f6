export { githubApprovals } from "./github.ts";
