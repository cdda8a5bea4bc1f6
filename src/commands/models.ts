import { posix } from "node:path";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { filesAmong } from "../domain/files-among.ts";
import { grouped } from "../domain/grouped.ts";
import { type Candidate, joined, resolvedPaths } from "../domain/plan.ts";
import { type Problem, UserError } from "../domain/problem.ts";
import type { Repository } from "../ports/changes.ts";
import type { RepositoryWorkshop } from "./repository.ts";

/** A terminal's folder has files that are not versioned yet; a job's legs check out what is. */
const withUntracked = ({ host }: RepositoryWorkshop) => ({ untracked: host.job === null });

const patternsIn = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,\n]/)
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  ),
];

/** The configurations that a pattern names. A folder means those in it. @throws UserError when there is none. */
async function configurationsOf(shop: RepositoryWorkshop, pattern: string, signal: AbortSignal): Promise<string[]> {
  const found = await shop.changes.find(pattern, withUntracked(shop), signal);
  // A folder's name matches all files in it.
  const names = ["modelgate.yml", posix.basename(pattern)];
  const named = /[*?[]/.test(pattern) ? found : found.filter((path) => names.includes(posix.basename(path)));
  if (named.length > 0) return [...named];
  throw new UserError([
    {
      code: "config.not-found",
      message: `no file of the repository matches ${pattern}`,
      hint: "Name configurations as git has them, such as models/*/modelgate.yml; ** stands for folders of any depth. What is not committed is not found.",
    },
  ]);
}

/** Reads a configuration, or says what is wrong with it. */
export async function readModel(
  { readText }: Pick<RepositoryWorkshop, "readText">,
  path: string,
  file: string,
): Promise<{ config: Config; problems: null } | { config: null; problems: readonly Problem[] }> {
  try {
    const text = await readText(path);
    if (text !== null) return { config: loadConfig(text, file), problems: null };
    const hint = "It is versioned, and not in the working folder: check it out, or commit that it was removed.";
    const problem: Problem = { code: "config.not-found", message: `${file} cannot be read`, hint, at: { file } };
    return { config: null, problems: [problem] };
  } catch (error) {
    if (error instanceof UserError) return { config: null, problems: error.problems };
    throw error;
  }
}

/** All paths of the configuration that decide what is released and how it is judged. */
const pathsIn = ({ model, image, smoke, evaluate, trust }: Config): string[] =>
  [
    ...[model.path, image.server, smoke?.examples, evaluate?.data, ...trust.keyFiles, trust.trustedRoot],
    ...filesAmong(model.convert?.run ?? []),
    ...Object.values(evaluate?.commands ?? {}).flatMap(({ run }) => filesAmong(run)),
    ...Object.values(evaluate?.rules ?? {}).map((rule) => ("schemaFile" in rule ? rule.schemaFile : null)),
  ].filter((path): path is string => typeof path === "string");

/** A path of a configuration as one of the repository; null when it lies elsewhere. */
function inRepository({ root }: Repository, folder: string, path: string): string | null {
  if (!posix.isAbsolute(path)) return joined(folder, path);
  return path.startsWith(`${root}/`) ? joined("", path.slice(root.length + 1)) : null;
}

/** A model with all of the repository that it is made of and judged by. */
function candidateOf(config: Config, path: string, repository: Repository, folders: ReadonlySet<string>): Candidate {
  const folder = posix.dirname(path) === "." ? "" : posix.dirname(path);
  const resolved = (named: string): string[] => {
    const found = inRepository(repository, folder, named);
    return found === null ? [] : resolvedPaths(found, repository.links);
  };
  const file = resolved(config.model.path).at(-1) ?? null;
  return {
    name: config.model.name,
    config: config.file,
    files: [...new Set([...resolvedPaths(path, repository.links), ...pathsIn(config).flatMap(resolved)])],
    file: file === null || folders.has(file) ? null : file,
  };
}

/** Every folder that holds a file. */
function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set<string>([""]);
  for (const file of files)
    for (let at = posix.dirname(file); at !== "." && !folders.has(at); at = posix.dirname(at)) folders.add(at);
  return folders;
}

/** Models that are named alike: their legs, images and records would be each other's. */
function sameNames(configs: readonly Config[]): Problem[] {
  const byName = grouped(configs, ({ model }) => model.name);
  return [...byName].flatMap(([name, [first, ...others]]) =>
    others.map(
      ({ file }): Problem => ({
        code: "plan.same-name",
        message: `${file} and ${first!.file} both name their model ${name}`,
        hint: "Give each model a name of its own.",
        at: { file, key: "model.name" },
      }),
    ),
  );
}

/**
 * All models of the repository that the patterns name.
 * @throws UserError with every problem of every configuration at once.
 */
export async function findModels(
  shop: RepositoryWorkshop,
  patterns: string,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const repository = await shop.changes.repository(withUntracked(shop), signal);
  const found = new Set<string>();
  for (const pattern of patternsIn(patterns))
    for (const path of await configurationsOf(shop, pattern, signal)) found.add(path);
  const paths = [...found].toSorted();
  const read = await shop.each(paths, (path) =>
    readModel(shop, posix.join(repository.root, path), posix.relative(repository.prefix, path)),
  );
  const configs = read.flatMap(({ config }) => (config ? [config] : []));
  const problems = [...read.flatMap((one) => one.problems ?? []), ...sameNames(configs)];
  if (problems.length > 0) throw new UserError(problems);
  const folders = foldersOf(repository.files);
  return configs.map((config, index) => candidateOf(config, paths[index]!, repository, folders));
}
