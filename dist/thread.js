import { runThread } from "./index.js";
runThread();
