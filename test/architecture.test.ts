import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Room → what it may import: other rooms, and packages or node modules by pattern. CONTRIBUTING.md shows the same table. */
const rooms: Record<string, { rooms: string[]; packages: RegExp }> = {
  domain: { rooms: [], packages: /^node:crypto$/ },
  ports: { rooms: ["domain"], packages: /^$/ },
  stages: { rooms: ["domain", "ports"], packages: /^$/ },
  reports: { rooms: ["domain"], packages: /^$/ },
  adapters: { rooms: ["domain", "ports"], packages: /^(?!@actions\/core$)/ },
  config: { rooms: ["domain"], packages: /^(yaml|zod|leven)$/ },
  hosts: { rooms: ["domain", "ports", "reports"], packages: /^(node:|@actions\/(core|github)$)/ },
  commands: { rooms: ["domain", "ports", "stages", "reports", "config"], packages: /^node:path$/ },
  wire: { rooms: ["domain", "ports", "stages", "adapters", "config", "commands"], packages: /^node:/ },
  main: { rooms: ["domain", "hosts", "commands", "config", "reports", "wire"], packages: /^node:/ },
};

/** Packages that only some files may touch. */
const only: { what: RegExp; where: RegExp; why: string }[] = [
  {
    what: /^@actions\/core$/,
    where: /^src\/hosts\/github/,
    why: "the Action's inputs and outputs are read and written in one place",
  },
  {
    what: /^@actions\/exec$|^(node:)?child_process$/,
    where: /^src\/adapters\/system\//,
    why: "processes start in one place, without a shell",
  },
  {
    what: /^@actions\/github$/,
    where: /^src\/(adapters\/github|hosts)\//,
    why: "GitHub's API is reached, and its refusals are explained, in one place",
  },
  {
    what: /^@actions\/tool-cache$/,
    where: /^src\/adapters\/system\//,
    why: "downloads are pinned and cached in one place",
  },
];

const walk = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : path.endsWith(".ts") ? [path] : [];
  });

const sources = walk(join(root, "src")).map((path) => relative(root, path));
const text = new Map(sources.map((file) => [file, readFileSync(join(root, file), "utf8")]));

/** Files that load a library when it is used, since it costs as much as the whole start: its types alone are imported. */
const loadedWhenUsed = new Set(["src/adapters/system/grpc.ts"]);

/** The module names a file imports or re-exports. */
function importsOf(file: string, source: string): string[] {
  const { module } = parseSync(file, source);
  if (module.dynamicImports.length > 0 && !loadedWhenUsed.has(file)) return ["(dynamic import)"];
  return [
    ...module.staticImports.map((i) => i.moduleRequest.value),
    ...module.staticExports.flatMap((e) =>
      e.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
    ),
  ];
}

const roomOf = (file: string): string =>
  file
    .replace(/^src\//, "")
    .replace(/\.ts$/, "")
    .split("/")[0]!;
const adapterOf = (file: string): string | undefined => /^src\/adapters\/([^/]+)\//.exec(file)?.[1];

/** The sentence that names a breach, or null. */
export function breach(file: string, name: string): string | null {
  if (name === "(dynamic import)") return `${file} imports dynamically; the bundle is one file and starts in one read`;
  const room = roomOf(file);
  const rule = rooms[room];
  if (!rule) return `${file} is in no room of the table`;
  for (const { what, where, why } of only)
    if (what.test(name) && !where.test(file)) return `${file} imports ${name}; only ${where.source} may: ${why}`;
  if (!name.startsWith("."))
    return rule.packages.test(name) ? null : `${file} imports ${name}; ${room} may not import that package`;
  const target = relative(root, resolve(root, dirname(file), name));
  if (!target.startsWith("src/"))
    return target === "package.json" && room === "main" ? null : `${file} imports ${target}, which is outside src`;
  const other = roomOf(target);
  const adapter = adapterOf(target);
  if (room === "adapters" && other === "adapters") {
    const shared = adapter === adapterOf(file) || ["system", "oci", "github"].includes(adapter ?? "");
    return shared
      ? null
      : `${file} imports ${target}; an adapter may import only its own folder, system, oci and github`;
  }
  if (room === "config" && other === "adapters")
    return /^src\/adapters\/[^/]+\/index\.ts$/.test(target)
      ? null
      : `${file} imports ${target}; config may import only the index of an adapter folder`;
  return other === room || rule.rooms.includes(other)
    ? null
    : `${file} imports ${target}; ${room} may not import ${other}`;
}

const graph = new Map(sources.map((file) => [file, importsOf(file, text.get(file)!)]));

test("each file imports only what its room may import", () => {
  expect(
    [...graph].flatMap(([file, names]) => names.map((name) => breach(file, name)).filter((b) => b !== null)),
  ).toEqual([]);
});

test("a forbidden import is named in a sentence", () => {
  expect(breach("src/domain/digest.ts", "node:fs")).toBe(
    "src/domain/digest.ts imports node:fs; domain may not import that package",
  );
  expect(breach("src/stages/gate.ts", "../adapters/oci/layout.ts")).toBe(
    "src/stages/gate.ts imports src/adapters/oci/layout.ts; stages may not import adapters",
  );
  expect(breach("src/adapters/platforms/local.ts", "../formats/onnx.ts")).toMatch(
    /only its own folder, system, oci and github/,
  );
  expect(breach("src/commands/run.ts", "@actions/core")).toMatch(/one place/);
  expect(breach("src/adapters/approvals/github.ts", "@actions/github")).toMatch(/in one place/);
  expect(breach("src/adapters/oci/auth.ts", "node:child_process")).toMatch(/without a shell/);
});

test("no file imports itself through others", () => {
  const cycles: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(" → "));
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of graph.get(file) ?? [])
      if (name.startsWith(".")) visit(relative(root, resolve(root, dirname(file), name)), [...trail, file]);
  };
  for (const file of sources) visit(file, []);
  expect(cycles).toEqual([]);
});

describe("each adapter folder's listing equals its registry", () => {
  const folders = readdirSync(join(root, "src/adapters")).filter((name) =>
    existsSync(join(root, "src/adapters", name, "index.ts")),
  );
  test.each(folders)("%s", (folder) => {
    const files = readdirSync(join(root, "src/adapters", folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "index.ts")
      .map((entry) => `./${entry.name}`);
    expect(
      graph
        .get(`src/adapters/${folder}/index.ts`)!
        .filter((name) => /^\.\/[^/]+$/.test(name))
        .toSorted(),
    ).toEqual(files.toSorted());
  });
});

test("the environment is read only by the hosts", () => {
  const allowed = /^src\/(hosts\/|main\.ts|adapters\/system\/tool-cache\.ts)/;
  expect(
    sources.filter((file) => !allowed.test(file) && /process\.env|\benv\b.*from "node:process"/.test(text.get(file)!)),
  ).toEqual([]);
});

test("no test mocks our own code", () => {
  const tests = walk(join(root, "test")).filter((path) => !path.endsWith("architecture.test.ts"));
  expect(
    tests
      .filter((path) => /\bvi\.(mock|spyOn|fn)\b/.test(readFileSync(path, "utf8")))
      .map((path) => relative(root, path)),
  ).toEqual([]);
});

test("no folder or file has a name that says nothing", () => {
  const empty = /(^|\/)(utils?|helpers?|common|types?|core|lib|managers?|services?)(\.ts|\/)/;
  expect(sources.filter((file) => empty.test(file.replace(/^src\//, "")))).toEqual([]);
});

test("a file over 250 lines gives its reason in the first comment", () => {
  const long = sources.filter((file) => text.get(file)!.split("\n").length > 251);
  expect(
    long.filter((file) => !/^\/\*\*?[\s\S]{0,400}(one table|one list|long because)/i.test(text.get(file)!)),
  ).toEqual([]);
});
