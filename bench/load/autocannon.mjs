// node bench/load/autocannon.mjs URL RATE MILLISECONDS MODULE: a run of autocannon at an overall rate. Prints its numbers as JSON; it
// knows no intended send, so that it has no lag, and its latency counts from the actual send.
import { pathToFileURL } from "node:url";
import { body } from "./body.ts";

const [url, rate, milliseconds, path] = process.argv.slice(2);
const { default: autocannon } = await import(pathToFileURL(path).href);
const used = process.cpuUsage();
const result = await autocannon({
  ...{ url: `${url}/v2/models/m/infer`, method: "POST", body, headers: { "content-type": "application/json" } },
  ...{ connections: 32, overallRate: Number(rate), duration: Number(milliseconds) / 1000 },
});
const { user, system } = process.cpuUsage(used);
const numbers = { requests: result["2xx"], lagP99: null, latencyP99: result.latency.p99, cpu: (user + system) / 1e6 };
process.stdout.write(`${JSON.stringify(numbers)}\n`);
