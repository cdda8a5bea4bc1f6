import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A git repository as it stands on GitHub: the folder is what jobs check out, at the commit that is checked out here. */
export class Repository {
  readonly folder: string;
  /** owner/name */
  readonly name: string;

  constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  /** A repository without a commit. */
  static create(name: string): Repository {
    const repository = new Repository(mkdtempSync(join(tmpdir(), "modelgate-consumer-")), name);
    repository.git("init", "-q", "-b", "main");
    repository.git("remote", "add", "origin", `https://github.com/${name}.git`);
    return repository;
  }

  /** A copy with all its history, of another owner. */
  fork(owner: string): Repository {
    const name = `${owner}/${this.name.split("/")[1]}`;
    const folder = mkdtempSync(join(tmpdir(), "modelgate-consumer-"));
    execFileSync("git", ["clone", "-q", this.folder, folder], { stdio: "pipe" });
    const fork = new Repository(folder, name);
    fork.git("remote", "set-url", "origin", `https://github.com/${name}.git`);
    return fork;
  }

  git(...words: string[]): string {
    const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid", "-c", "commit.gpgsign=false"];
    return execFileSync("git", ["-C", this.folder, ...who, ...words], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  get head(): string {
    return this.git("rev-parse", "HEAD");
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Commits everything. @returns the commit. */
  commit(message: string): string {
    this.git("add", "-A");
    this.git("commit", "-q", "-m", message);
    return this.head;
  }
}
