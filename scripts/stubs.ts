// Finishes dist/ after ncc: the entry files, the command's executable bit, and the onnx runtime's server, so that dist/
// works alone. Run by `npm run build` and by scripts/check-dist.ts with another folder.
import { chmodSync, cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const dist = process.argv[2] ?? join(root, "dist");

writeFileSync(
  join(dist, "action.js"),
  `import { runAction } from "./index.js";\nawait runAction(import.meta.dirname);\n`,
);
writeFileSync(
  join(dist, "cli.js"),
  `#!/usr/bin/env node\nimport { runCli } from "./index.js";\nawait runCli(import.meta.dirname);\n`,
);
writeFileSync(join(dist, "thread.js"), `import { runThread } from "./index.js";\nrunThread();\n`);
chmodSync(join(dist, "cli.js"), 0o755);
// Definitions that the library of gRPC has for services of its own, which are not used.
for (const folder of ["proto", "protoc-gen-validate", "xds"])
  rmSync(join(dist, folder), { recursive: true, force: true });
rmSync(join(dist, "onnx-server"), { recursive: true, force: true });
cpSync(join(root, "runtime/onnx-server"), join(dist, "onnx-server"), {
  recursive: true,
  filter: (path) => !path.includes("node_modules") && !path.endsWith("package-lock.json"),
});
