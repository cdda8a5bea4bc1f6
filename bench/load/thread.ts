import { runLoadThread } from "../../src/wire/load-thread.ts";

runLoadThread(process.env);
