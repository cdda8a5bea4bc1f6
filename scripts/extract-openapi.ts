// Cuts GitHub's published OpenAPI description (npm @octokit/openapi, 385 MB) to the operations below and writes
// test/fixtures/github-openapi.json with its licence beside it. Needed when an operation is added or the version changes.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const version = "23.0.2";
const target = join(import.meta.dirname, "../test/fixtures/github-openapi.json");

const repository = "/repos/{owner}/{repo}";
/** Path → methods: what modelgate calls, and what a test does in a person's name. */
const kept: Readonly<Record<string, readonly string[]>> = {
  "/user": ["get"],
  [repository]: ["get"],
  [`${repository}/deployments`]: ["get", "post"],
  [`${repository}/deployments/{deployment_id}`]: ["get", "delete"],
  [`${repository}/deployments/{deployment_id}/statuses`]: ["get", "post"],
  [`${repository}/environments`]: ["get"],
  [`${repository}/environments/{environment_name}`]: ["get"],
  [`${repository}/actions/workflows/{workflow_id}/dispatches`]: ["post"],
  [`${repository}/dispatches`]: ["post"],
  [`${repository}/actions/runs/{run_id}`]: ["get"],
  [`${repository}/issues`]: ["get", "post"],
  [`${repository}/issues/{issue_number}`]: ["get", "patch"],
  [`${repository}/issues/{issue_number}/comments`]: ["get", "post"],
  [`${repository}/issues/comments/{comment_id}`]: ["get", "patch", "delete"],
  [`${repository}/issues/comments/{comment_id}/reactions`]: ["get", "post"],
  [`${repository}/commits/{ref}`]: ["get"],
  [`${repository}/commits/{commit_sha}/pulls`]: ["get"],
  [`${repository}/commits/{ref}/statuses`]: ["get"],
  [`${repository}/statuses/{sha}`]: ["post"],
  [`${repository}/collaborators/{username}/permission`]: ["get"],
  [`${repository}/contents/{path}`]: ["get"],
  [`${repository}/attestations`]: ["post"],
  [`${repository}/attestations/{subject_digest}`]: ["get"],
  "/orgs/{org}/artifacts/metadata/storage-record": ["post"],
  "/orgs/{org}/artifacts/metadata/deployment-record": ["post"],
  "/orgs/{org}/artifacts/{subject_digest}/metadata/deployment-records": ["get"],
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Tree = { [key: string]: Json };

const isTree = (value: Json | undefined): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const treeAt = (tree: Tree, key: string): Tree => {
  const value = tree[key];
  if (!isTree(value)) throw new Error(`The description has no ${key}`);
  return value;
};

const mapped = (value: Json, change: (tree: Tree) => Json): Json => {
  if (Array.isArray(value)) return value.map((part) => mapped(part, change));
  if (!isTree(value)) return value;
  return change(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapped(part, change)])));
};

const prose = new Set(["x-github", "x-octokit", "externalDocs", "example", "examples"]);

/** No property of a kept schema is called like one of these. */
const withoutProse = (tree: Tree): Tree => Object.fromEntries(Object.entries(tree).filter(([key]) => !prose.has(key)));

/**
 * What a validator takes at its word: `nullable` beside no `type` means nothing, and is said as one of two schemas; beside
 * `enum` it means nothing unless null is one of them.
 */
function withPlainNullable(tree: Tree): Tree {
  if (tree["nullable"] !== true) return tree;
  if ("type" in tree) {
    const values = tree["enum"];
    return Array.isArray(values) && !values.includes(null) ? { ...tree, enum: [...values, null] } : tree;
  }
  const { nullable: _, ...rest } = tree;
  const says = ["allOf", "anyOf", "oneOf", "$ref", "enum", "properties"].some((key) => key in rest);
  return says ? { anyOf: [rest, { type: "object", nullable: true, enum: [null] }] } : rest;
}

function cutPaths(all: Tree): Tree {
  const paths: Tree = {};
  for (const [path, methods] of Object.entries(kept)) {
    const item = treeAt(all, path);
    paths[path] = Object.fromEntries(methods.map((method) => [method, treeAt(item, method)]));
    if (item["parameters"] !== undefined) paths[path]["parameters"] = item["parameters"];
  }
  return paths;
}

/** The components that the paths refer to, and those that these refer to. */
function reachable(paths: Tree, components: Tree): Tree {
  const found: Record<string, Tree> = {};
  const todo: Json[] = [paths];
  const seen = new Set<string>();
  const visit = (tree: Tree): Json => {
    const reference = tree["$ref"];
    if (typeof reference === "string" && !seen.has(reference)) {
      seen.add(reference);
      const [, , kind = "", name = ""] = reference.split("/");
      const component = treeAt(components, kind)[name];
      if (component === undefined) throw new Error(`The description has no ${reference}`);
      if (kind !== "examples") {
        (found[kind] ??= {})[name] = component;
        todo.push(component);
      }
    }
    return tree;
  };
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) mapped(next, visit);
  return found;
}

const folder = mkdtempSync(join(tmpdir(), "modelgate-openapi-"));
try {
  const run = (command: string, ...words: string[]) =>
    execFileSync(command, words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  run("npm", "pack", "--silent", `@octokit/openapi@${version}`);
  const files = ["package/LICENSE", "package/generated/api.github.com.json"];
  run("tar", "-xzf", `octokit-openapi-${version}.tgz`, ...files);
  const whole = JSON.parse(readFileSync(join(folder, files[1]!), "utf8")) as Tree;
  const paths = mapped(cutPaths(treeAt(whole, "paths")), withoutProse) as Tree;
  const components = mapped(reachable(paths, treeAt(whole, "components")), withoutProse);
  const description = mapped(
    { openapi: whole["openapi"]!, info: whole["info"]!, paths, components },
    withPlainNullable,
  );
  const text = `${JSON.stringify(description)}\n`;
  writeFileSync(target, text);
  copyFileSync(join(folder, files[0]!), target.replace(/json$/, "LICENSE"));
  console.log(`${Object.keys(paths).length} paths, ${text.length} bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
