// Deploys a release in a process of its own, which a test kills: node deploy.mjs <folder> <release as JSON>
import { join } from "node:path";
import { layoutStore } from "../../../../src/adapters/oci/layout.ts";
import { localPlatform } from "../../../../src/adapters/platforms/local.ts";

const [folder, release] = process.argv.slice(2);
const openStore = (repository) => layoutStore(repository, join(folder, "registry"));
const platform = localPlatform({}, { folder: join(folder, "slot"), openStore, searchPath: "" });
await platform.deploy(JSON.parse(release), new AbortController().signal);
