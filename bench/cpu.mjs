// Prints the CPU seconds, user and system, that `node SCRIPT --version` took in this process: what its start costs.
import { pathToFileURL } from "node:url";

const script = process.argv[2];
process.argv = [process.argv[0], script, "--version"];
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;
await import(pathToFileURL(script).href);
const { user, system } = process.cpuUsage();
write(String((user + system) / 1e6));
