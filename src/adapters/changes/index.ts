export { gitChanges } from "./git.ts";
