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

test("the README's workflow uses inputs and outputs that exist", () => {
  const workflow = parse(blocks("README.md", "yaml")[1]!.replaceAll("<commit>", "x")) as {
    steps: { with?: Record<string, string> }[];
  };
  const inputs = workflow.steps.slice(1).flatMap((step) => Object.keys(step.with ?? {}));
  expect(inputs.filter((name) => !Object.hasOwn(actionInputs, name))).toEqual([]);
  const outputs = [...text("README.md").matchAll(/outputs\.([a-z-]+)/g)].map(([, name]) => name!);
  expect(outputs.filter((name) => !Object.hasOwn(actionOutputs, name))).toEqual([]);
  const table = [...text("README.md").matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name!);
  expect(table).toEqual(Object.keys(actionOutputs));
});
