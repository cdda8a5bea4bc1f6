import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../src/config/load.ts";
import { isCommand } from "../src/domain/request.ts";
import { actionInputs, actionOutputs } from "../src/hosts/action.ts";

const root = join(import.meta.dirname, "..");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "examples/digits/README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];
const text = (page: string): string => readFileSync(join(root, page), "utf8");
const blocks = (page: string, language: string): string[] =>
  [...text(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, block]) => block!);

test("the README has a hundred lines at most", () => {
  expect(text("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(100);
});

describe("each link leads to a file", () => {
  test.each(pages)("%s", (page) => {
    const links = [...text(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });
});

test("each command in the documents exists", () => {
  const named = pages.flatMap((page) =>
    [...text(page).matchAll(/`?\bmodelgate ([a-z]+)\b(?=[^\n]*`|[ ;&]|$)/gm)].map(([, name]) => name!),
  );
  const commands = named.filter((name) =>
    /^(init|plan|validate|package|deploy|smoke|evaluate|gate|run|promote|verify|monitor|rollback|retrain|explain|bundle|status|remove)$/.test(
      name,
    ),
  );
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.filter((name) => !isCommand(name))).toEqual([]);
});

test("the README's configuration is good", () => {
  const [config] = blocks("README.md", "yaml");
  expect(loadConfig(config!, "README.md").environments).toHaveProperty("production");
});

/** The README's workflows, by the file name in their first line. */
const workflows = Object.fromEntries(
  blocks("README.md", "yaml").flatMap((block) => {
    const path = /^# (\.github\/workflows\/\S+)\n/.exec(block)?.[1];
    return path ? [[path, parse(block) as Record<string, never>]] : [];
  }),
);

interface Called {
  permissions: Record<string, "read" | "write">;
  uses?: string;
  with?: Record<string, string>;
  steps?: { uses: string; with?: Record<string, string> }[];
}
const jobsOf = (workflow: unknown): Called[] => Object.values((workflow as { jobs: Record<string, Called> }).jobs);
const rank = { none: 0, read: 1, write: 2 };

test("the README shows the three ways in", () => {
  expect(Object.keys(workflows)).toEqual([
    ".github/workflows/model.yml",
    ".github/workflows/promote.yml",
    ".github/workflows/check.yml",
  ]);
});

const callers = Object.fromEntries(
  readdirSync(join(root, "examples/workflows")).map((name) => [
    name,
    parse(text(`examples/workflows/${name}`)) as object,
  ]),
);

describe("the callers grant what the called jobs ask for, and nothing else", () => {
  const calls = [...Object.values(workflows), ...Object.values(callers)]
    .flatMap(jobsOf)
    .flatMap((job) => (job.uses ? [[/workflows\/(\w+\.yml)@/.exec(job.uses)![1]!, job] as const] : []));
  test.each(calls)("%s", (file, caller) => {
    const kit = parse(text(`.github/workflows/${file}`)) as { on: { workflow_call: { inputs: object } } };
    const most: Record<string, "read" | "write"> = {};
    for (const { permissions } of jobsOf(kit))
      for (const [name, level] of Object.entries(permissions))
        if (rank[level] > rank[most[name] ?? "none"]) most[name] = level;
    expect(caller.permissions).toEqual(most);
    expect(Object.keys(caller.with ?? {}).filter((name) => !Object.hasOwn(kit.on.workflow_call.inputs, name))).toEqual(
      [],
    );
  });
});

test("the README's steps use inputs that exist", () => {
  const steps = Object.values(workflows)
    .flatMap(jobsOf)
    .flatMap((job) => job.steps ?? []);
  const ours = steps.filter(({ uses }) => uses.startsWith("modelgate/"));
  expect(ours.length).toBeGreaterThan(0);
  const inputs = ours.flatMap((step) => Object.keys(step.with ?? {}));
  expect(inputs.filter((name) => !Object.hasOwn(actionInputs, name))).toEqual([]);
  expect(ours.map((step) => step.with!["command"]!).filter((name) => !isCommand(name))).toEqual([]);
});

test("the workflows page lists every output", () => {
  const table = [...text("docs/workflows.md").matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name!);
  expect(table.filter((name) => Object.hasOwn(actionOutputs, name))).toEqual(Object.keys(actionOutputs));
});
