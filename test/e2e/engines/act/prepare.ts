import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Document, isMap, type Pair, parse, parseDocument, type YAMLMap } from "yaml";
import { canonicalJson } from "../../../../src/domain/canonical.ts";
import type { GitHub, Job, Permissions } from "../github/index.ts";
import { idOf, lowerCall, lowerJob, lowerTop } from "./lower.ts";
import { forFork, granted, readPermissions, type Written } from "./permissions.ts";
import type { RunIdentity } from "./run.ts";

/** What a run's workflows are prepared with. */
export interface Place {
  github: GitHub;
  identity: RunIdentity;
  /** Folder of the git repository that jobs check out. */
  source: string;
  /** owner/repository of the kit, and the folder of a copy of it that may be changed. */
  kit: string;
  kitFolder: string;
}

/** The rig's own actions, as a workflow names them. */
export const rig = `modelgate-rig/runner@${"0".repeat(40)}`;

type Node = YAMLMap;
const callee = /^([\w.-]+\/[\w.-]+)\/\.github\/workflows\/([\w.-]+)@(.+)$/;

const jobsOf = (document: Document): Pair[] => {
  const jobs = document.get("jobs");
  return isMap(jobs) ? (jobs.items as Pair[]) : [];
};
const permissionsOf = (node: Document | Node): Permissions | null => {
  const written = node.get("permissions");
  return readPermissions((isMap(written) ? written.toJSON() : written) as Written);
};

interface ActionFile {
  inputs?: Record<string, { default?: unknown }>;
}

/** Where a job is defined, and what its token may do. */
interface Definition {
  file: string;
  /** What the caller names of the kit; null for a job of the caller itself. */
  commit: string | null;
  permissions: Permissions;
}

/** Lowers the workflows that take part in a run, and gives every job its own token. */
export class Preparation {
  /** What act cannot read or do, and was removed or is done by the rig. */
  readonly lowered: string[] = [];
  readonly jobs: Job[] = [];
  /** What the workflows name of the kit: commits or tags. */
  readonly commits = new Set<string>();
  readonly #place: Place;
  /** Workflow of the kit → what its caller grants. */
  readonly #called = new Map<string, string>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** Lowers the caller, and in the copy of the kit what it calls. @returns its text for act. */
  prepare(file: string, text: string): string {
    const { github, kit } = this.#place;
    const document = parseDocument(text);
    const usual = permissionsOf(document) ?? github.state.defaultPermissions;
    this.lowered.push(...lowerTop(document, file));
    for (const pair of jobsOf(document)) {
      const job = pair.value as Node;
      const permissions = permissionsOf(job) ?? usual;
      const [uses, called, workflow, commit] = callee.exec((job.get("uses") as string | undefined) ?? "") ?? [];
      if (uses === undefined) this.#job(document, pair, { file, commit: null, permissions });
      else this.lowered.push(...lowerCall(pair, file));
      if (called === kit) this.#call({ file: workflow!, commit: commit!, permissions });
    }
    for (const [, commit] of text.matchAll(new RegExp(`uses: ${kit}(?:/[\\w./-]+)?@([\\w./-]+)`, "g")))
      this.commits.add(commit!);
    return document.toString({ lineWidth: 0 });
  }

  /** Lowers a workflow of the kit, where act will read it. */
  #call({ file, commit, permissions }: Definition & { commit: string }): void {
    const grants = canonicalJson(permissions);
    const before = this.#called.get(file);
    if (before === grants) return;
    if (before !== undefined) throw new Error(`${file} is called twice with other permissions: the rig has one of it`);
    this.#called.set(file, grants);
    const path = join(this.#place.kitFolder, ".github/workflows", file);
    const document = parseDocument(readFileSync(path, "utf8"));
    const usual = permissionsOf(document);
    this.lowered.push(...lowerTop(document, file));
    for (const pair of jobsOf(document)) {
      const asked = permissionsOf(pair.value as Node) ?? usual;
      const given = granted(asked, permissions, `${file} job ${idOf(pair)}`);
      this.#job(document, pair, { file, commit, permissions: given });
    }
    writeFileSync(path, document.toString({ lineWidth: 0 }));
  }

  #job(document: Document, pair: Pair, { file, commit, permissions: written }: Definition): void {
    const { github, identity, kit, source } = this.#place;
    const { id, attempt } = identity.run;
    const permissions = identity.isFork ? forFork(written) : written;
    const job: Job = {
      token: `ghs_${id}_${attempt}_${file}_${idOf(pair)}`.replaceAll(/\W/g, "_"),
      workflow: file,
      job: idOf(pair),
      permissions,
      claims: identity.claimsFor(commit === null ? null : { kit, file, commit }),
    };
    this.jobs.push(job);
    const lowered = lowerJob(
      document,
      pair,
      { file, self: `${kit}@${commit ?? ""}`, rig, source },
      {
        token: job.token,
        environment: permissions["id-token"] === "write" ? github.identityEnvironment(job) : {},
        tokenInputs: (action) => this.#tokenInputs(action),
      },
    );
    this.lowered.push(...lowered);
  }

  /** Inputs of the kit's own actions whose default is the job's token. */
  #tokenInputs(action: string): string[] {
    const { kit, kitFolder } = this.#place;
    const [name = ""] = action.split("@");
    if (name !== kit && !name.startsWith(`${kit}/`)) return [];
    const path = join(kitFolder, name.slice(kit.length), "action.yml");
    if (!existsSync(path)) return [];
    const { inputs = {} } = parse(readFileSync(path, "utf8")) as ActionFile;
    return Object.keys(inputs).filter((input) => /\$\{\{\s*github\.token/.test(String(inputs[input]?.default)));
  }
}
