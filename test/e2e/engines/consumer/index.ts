import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../fakes/free-port.ts";
import { callers } from "./callers.ts";
import {
  type Candidate,
  type ConsumerModel,
  candidateBytes,
  configText,
  goldenExamples,
  holdout,
  type Signing,
  skewedServer,
} from "./files.ts";
import { Repository } from "./repository.ts";

export { pinned } from "./callers.ts";
export * from "./events.ts";
export type { Candidate, ConsumerModel, Signing } from "./files.ts";
export { Repository } from "./repository.ts";

export interface ConsumerOptions {
  /** owner/name; default acme/models. */
  repository?: string;
  /** Names of the models, a folder each; default digits. Containers are named by them: scenarios on one engine take others. */
  models?: readonly string[];
  /** Where images go: ghcr.io/acme or 127.0.0.1:<port>/acme; a model's image is below. */
  registry: string;
  /** The base image; null where the platform is local. */
  base: string | null;
  platform?: "docker" | "local";
  signing: Signing;
  /** Rows of held-out data; default 200. */
  rows?: number;
  /** Keys of modelgate.yml to add, or to replace. */
  config?: object;
  /** Workflows, file name → text; default the callers of docs/workflows.md. */
  workflows?: Readonly<Record<string, string>>;
}

/** A repository with models, as a user of the kit has it. */
export interface Consumer {
  folder: string;
  /** owner/name */
  repository: string;
  git: Repository;
  models: readonly ConsumerModel[];
  /** For runKit: the signing key where there is one. */
  secrets: Readonly<Record<string, string>>;
  model(name?: string): ConsumerModel;
  /** Puts another version of a model there; commit it. */
  putModel(candidate: Candidate, name?: string): void;
  /** Puts code before the model that makes what is served wrong; commit it. */
  skew(name?: string): void;
  /** Replaces the held-out rows by as many of the first; commit it. */
  putData(rows: number, name?: string): void;
  /** Replaces a text in a model's modelgate.yml; commit it. @throws Error when it is not there. */
  editConfig(from: string, to: string, name?: string): void;
  /** Changes a file that no model has to do with; commit it. */
  touchUnrelated(): void;
  commit(message: string): string;
  /** The same, of another owner: its runs sign in that one's name. */
  fork(owner: string): Consumer;
  remove(): void;
}

/** A fresh P-256 key, for `signing: { method: key }`. */
export function newKey(): Extract<Signing, { method: "key" }> {
  const pair = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return { method: "key", ...pair };
}

/** Keyless signing by the jobs of a repository, checked against a fake's authorities. */
export const keyless = (
  { trustedRootFile }: { trustedRootFile: string },
  repository = "acme/models",
): Extract<Signing, { method: "keyless" }> => ({
  method: "keyless",
  trustedRoot: readFileSync(trustedRootFile, "utf8"),
  repository,
});

function open(git: Repository, models: readonly ConsumerModel[], signing: Signing): Consumer {
  const model = (name = models[0]!.name): ConsumerModel => {
    const found = models.find((one) => one.name === name);
    if (!found) throw new Error(`The consumer has no model ${name}`);
    return found;
  };
  const at = (path: string, name?: string): string => join(model(name).folder, path);
  const edit = (path: string, from: string, to: string): void => {
    const text = readFileSync(join(git.folder, path), "utf8");
    if (!text.includes(from)) throw new Error(`${path} has no "${from}"`);
    git.write(path, text.replace(from, to));
  };
  return {
    folder: git.folder,
    repository: git.name,
    git,
    models,
    secrets: signing.method === "key" ? { MODELGATE_SIGNING_KEY: signing.privateKey } : {},
    model,
    putModel: (candidate, name) => git.write(at("model.onnx", name), candidateBytes(candidate)),
    skew(name) {
      git.write(at("server/preprocess.mjs", name), skewedServer());
      edit(at("modelgate.yml", name), "image:\n", "image:\n  server: server\n");
    },
    putData: (rows, name) => git.write(at("holdout.csv", name), holdout(rows)),
    editConfig: (from, to, name) => edit(at("modelgate.yml", name), from, to),
    touchUnrelated: () => git.write("NOTES.md", `${Math.random()}\n`),
    commit: (message) => git.commit(message),
    fork: (owner) => open(git.fork(owner), models, signing),
    remove: () => git.remove(),
  };
}

/** Makes a repository with one commit: models, their data and configurations, the callers of the kit. */
export async function makeConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { signing, base, platform = "docker", rows = 200, config: more = {} } = options;
  const git = Repository.create(options.repository ?? "acme/models");
  const models: ConsumerModel[] = [];
  for (const name of options.models ?? ["digits"]) {
    const folder = `models/${name}`;
    const ports = { staging: await freePort(), production: await freePort() };
    models.push({ name, folder, config: `${folder}/modelgate.yml`, repository: `${options.registry}/${name}`, ports });
  }
  const workflows = options.workflows ?? callers(signing.method === "key");
  for (const [file, text] of Object.entries(workflows)) git.write(`.github/workflows/${file}`, text);
  git.write("README.md", "# Models\n");
  git.write(".gitignore", ".modelgate/\n");
  const consumer = open(git, models, signing);
  for (const model of models) {
    consumer.putModel("champion", model.name);
    consumer.putData(rows, model.name);
    git.write(`${model.folder}/golden.jsonl`, goldenExamples());
    git.write(model.config, configText(model, { signing, base, platform, more }));
    if (signing.method === "key") git.write(`${model.folder}/modelgate.pub`, signing.publicKey);
    else git.write(`${model.folder}/trusted_root.json`, signing.trustedRoot);
  }
  git.commit("The first models");
  return consumer;
}
