import { execFile } from "node:child_process";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const cache = resolve(import.meta.dirname, "../../../../.cache/runtimes");

/** What is installed, by the name of the environment. Versions are pinned; what they need is resolved when they are installed. */
const packages = {
  mlserver: ["mlserver==1.7.1", "mlserver-sklearn==1.7.1", "mlserver-mlflow==1.7.1", "scikit-learn==1.9.1"],
  mlflow: ["mlflow==3.17.2", "scikit-learn==1.9.1"],
  own: ["kserve==0.21.0", "litserve==0.2.19", "scikit-learn==1.9.1", "onnx==1.23.2"],
  bentoml: ["bentoml==1.4.30", "scikit-learn==1.9.1"],
} as const;

/** How long making an environment may take: one to two minutes each with a near registry, once per machine. */
export const installing = 1_200_000;

/** The folder `bin` of a Python environment with a server, made when it is not there. */
export async function pythonWith(name: keyof typeof packages): Promise<string> {
  const folder = join(cache, name);
  const bin = join(folder, "bin");
  if (
    await access(join(folder, "whole")).then(
      () => true,
      () => false,
    )
  )
    return bin;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await run("python3", ["-m", "venv", folder]);
  await run(join(bin, "pip"), ["install", "--quiet", ...packages[name]], { maxBuffer: 2 ** 26 });
  await mkdir(join(folder, "whole.part"));
  await rename(join(folder, "whole.part"), join(folder, "whole"));
  return bin;
}
