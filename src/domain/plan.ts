import { grouped } from "./grouped.ts";

/** A model of the repository, as a leg of a workflow's matrix. */
export interface PlannedModel {
  name: string;
  /** Path of its modelgate.yml in the workspace. */
  config: string;
}

/** A model of the repository, and what of the repository it is made of and judged by. Paths have `/` and begin at the root. */
export interface Candidate extends PlannedModel {
  /** Files and folders that its configuration names, the configuration itself, and links on the way to them. */
  files: readonly string[];
  /** The model's own file, when it is a file: others in its folder may hold its weights. Null for a model that is a folder. */
  file: string | null;
}

/** Whether a model is released, and why. */
export interface Decision extends PlannedModel {
  planned: boolean;
  why: string;
}

/** The most legs of a matrix: https://docs.github.com/en/actions/reference/limits */
export const matrixLimit = 256;

/** A path and every folder it lies in, the root as "". */
function upwards(path: string): string[] {
  const found: string[] = [];
  for (let at = path; at !== ""; at = folderOf(at)) found.push(at);
  return [...found, ""];
}

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Files that hold no weights, whatever lies beside them. */
const isText =
  /\.(md|rst|txt|pdf|py|ipynb|js|mjs|ts|sh|c|h|cpp|rs|go|r|jl|java|ya?ml|toml|cfg|ini|lock|json|jsonl|csv|parquet|html?|css|svg|png|jpe?g|gif|pem|pub|onnx)$/i;
const isPaper =
  /^(licen[cs]e|notice|makefile|dockerfile|codeowners|readme|changelog|citation|justfile|gemfile)(\..*)?$/i;

const mayHoldWeights = (path: string): boolean =>
  !isText.test(path) && !isPaper.test(nameOf(path)) && !path.split("/").some((part) => part.startsWith("."));

/**
 * Which models beside a changed file it may be the weights of: those in the nearest folder above it that has any. A name that begins
 * with one model's file name is that model's alone (`digits.onnx.data`).
 */
function ownersOf(path: string, byFolder: ReadonlyMap<string, readonly Candidate[]>): readonly Candidate[] {
  for (const folder of upwards(folderOf(path))) {
    const near = byFolder.get(folder);
    if (!near) continue;
    const named = near.filter(({ file }) => path.startsWith(file!));
    return named.length > 0 ? named : near;
  }
  return [];
}

/** What changed for each model beside its file, where that may be a part of it. */
function besides(models: readonly Candidate[], changed: ReadonlySet<string>): Map<Candidate, string[]> {
  const byFolder = grouped(
    models.filter(({ file }) => file !== null),
    ({ file }) => folderOf(file!),
  );
  const named = new Set(models.flatMap(({ files }) => files));
  const found = new Map<Candidate, string[]>();
  for (const path of changed) {
    if (!mayHoldWeights(path) || upwards(path).some((above) => named.has(above))) continue;
    for (const owner of ownersOf(path, byFolder)) found.set(owner, [...(found.get(owner) ?? []), path]);
  }
  return found;
}

/** The changed path that a file of a model is, lies in (a submodule), or has in it (a folder); null when there is none. */
type Touched = (file: string) => string | null;

function touching(changed: ReadonlySet<string>): Touched {
  const inside = new Map<string, string>();
  for (const path of changed) for (const folder of upwards(path)) if (!inside.has(folder)) inside.set(folder, path);
  return (file) => inside.get(file) ?? upwards(file).find((above) => changed.has(above)) ?? null;
}

const sentence = (paths: readonly string[]): string =>
  `${paths[0]}${paths.length > 1 ? ` and ${paths.length - 1} more` : ""} changed`;

/**
 * Which models are released: those that name a path that changed. Files beside a model's own are its weights unless they cannot be:
 * an ONNX model may keep them in files of any name.
 * @param changed every path that is not what it was, or `all` when nothing says what changed.
 */
export function planModels(models: readonly Candidate[], changed: ReadonlySet<string> | "all"): Decision[] {
  if (changed === "all")
    return models.map(({ name, config }) => ({ name, config, planned: true, why: "all are asked for" }));
  const touched = touching(changed);
  const beside = besides(models, changed);
  return models.map((model) => {
    const { name, config, files } = model;
    const own = files.map(touched).filter((path) => path !== null);
    const found = [...new Set([...own, ...(beside.get(model) ?? [])])];
    return {
      name,
      config,
      planned: found.length > 0,
      why: found.length > 0 ? sentence(found) : "nothing it names changed",
    };
  });
}

const longestChain = 40;

/**
 * All paths that decide what a path names: itself, each symbolic link on the way, and where they lead. What leads out of the
 * repository is left out.
 * @param links each link of the repository, and what it says.
 */
export function resolvedPaths(path: string, links: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>([path]);
  let at = path;
  for (let step = 0; step < longestChain; step++) {
    const link = upwards(at)
      .toReversed()
      .find((above) => links.has(above));
    if (link === undefined) break;
    found.add(link);
    const next = joined(folderOf(link), links.get(link)! + at.slice(link.length));
    if (next === null || found.has(next)) break;
    found.add(next);
    at = next;
  }
  return [...found];
}

/** A path seen from a folder, both inside the repository; null when it leads out of it. */
export function joined(folder: string, path: string): string | null {
  if (path.startsWith("/")) return null;
  const parts: string[] = [];
  for (const part of [...folder.split("/"), ...path.split("/")]) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join("/");
}
