import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The environment for git without what the machine's own configuration says. */
export const gitEnvironment: Record<string, string> = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
};

/** A real repository in a folder of its own. */
export interface GitRepository {
  readonly folder: string;
  /** Runs git in it. @returns what it said. */
  git(...words: string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  /** Commits everything that is in the folder. @returns the commit. */
  commit(files?: Readonly<Record<string, string>>): string;
  remove(): void;
}

export function repositoryIn(folder: string): GitRepository {
  const git = (...words: string[]): string =>
    execFileSync("git", ["-C", folder, ...words], {
      env: gitEnvironment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 2 ** 30,
    }).trim();
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  return {
    folder,
    git,
    write,
    commit(files = {}) {
      write(files);
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", "work");
      return git("rev-parse", "HEAD");
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const emptyFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), "modelgate-git-")));

/** A new repository with the branch `main` and nothing in it. */
export function gitRepository(): GitRepository {
  const repository = repositoryIn(emptyFolder());
  repository.git("init", "--quiet", "--initial-branch=main", "--template=");
  repository.git("config", "core.symlinks", "true");
  return repository;
}

/** The same repository again, folder and all: quicker than to make it anew. */
export function copyOf(repository: GitRepository): GitRepository {
  const folder = emptyFolder();
  cpSync(repository.folder, folder, { recursive: true });
  return repositoryIn(folder);
}

/** A clone of a repository as actions/checkout makes it: `depth` 0 is all of it. */
export function cloneOf(origin: GitRepository, depth: number): GitRepository {
  const folder = emptyFolder();
  const whole = depth === 0 ? [] : [`--depth=${depth}`];
  origin.git("clone", "--quiet", ...whole, `file://${origin.folder}`, folder);
  return repositoryIn(folder);
}
