import { runLoadThread } from "../../src/wire/load-thread.ts";

// What dist/thread.js is to the bundle: the file that a thread of the load generator runs.
runLoadThread(process.env);
