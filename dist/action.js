import { runAction } from "./index.js";
await runAction(import.meta.dirname);
