// Writes what is made from the source: action.yml, the JSON Schema, docs/reference/config.md and errors.md. With --check it writes
// nothing and exits 1 when a file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { formsOf, phraseOf, type Schema, writtenSchema } from "../src/config/allowed.ts";
import { actionInputs, actionOutputs } from "../src/hosts/action.ts";
import { explanations } from "../src/reports/errors.ts";

const root = join(import.meta.dirname, "..");

const written = writtenSchema();

/** The schema for editors: without the words that are ours. */
const forEditors = JSON.stringify(
  { ...written, title: "modelgate.yml" },
  (key, value: unknown) => (key === "form" || key === "units" ? undefined : value),
  2,
);

type Row = readonly [key: string, value: string, usual: string, meaning: string];

const code = (text: string): string => `\`${text}\``;

/** What may stand at a key; keys below have rows of their own. */
function valueOf(part: Schema): string {
  if (part.enum) return part.enum.map(code).join(", ");
  if (part.const !== undefined) return code(part.const);
  return part.properties ? "keys" : phraseOf(part);
}

function usualOf(part: Schema, isNeeded: boolean): string {
  if (isNeeded) return "needed";
  return part.default === undefined || typeof part.default === "object" ? "" : code(`${part.default}`);
}

/** Keys of all forms of a value: of environments the platform first, then what each platform takes. */
function propertiesOf(part: Schema): [string, { part: Schema; isNeeded: boolean }][] {
  const forms = formsOf(part).filter(({ properties }) => properties);
  const choices: [string, string, Schema][] = forms.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, inner]): [string, string, Schema][] =>
      inner.const === undefined ? [] : [[key, inner.const, inner]],
    ),
  );
  const all = new Map<string, { part: Schema; isNeeded: boolean }>();
  for (const [key, , { const: _, ...inner }] of choices)
    all.set(key, { part: { ...inner, enum: choices.map(([, word]) => word) }, isNeeded: true });
  for (const { properties = {}, required = [] } of forms)
    for (const [key, inner] of Object.entries(properties)) {
      const owners = forms.filter((form) => form.properties && Object.hasOwn(form.properties, key));
      const whose =
        choices.length > 0 && owners.length < forms.length ? owners.map((form) => wordOf(form)).join(", ") : "";
      const description = `${whose && `${whose}: `}${inner.description ?? ""}`;
      if (!all.has(key)) all.set(key, { part: { ...inner, description }, isNeeded: required.includes(key) });
    }
  return [...all];
}

const wordOf = ({ properties = {} }: Schema): string =>
  Object.values(properties).find((inner) => inner.const !== undefined)?.const ?? "";

/** A row per key, depth first. */
function rows(part: Schema, path: string, isNeeded = false): Row[] {
  const own: Row[] = path === "" ? [] : [[code(path), valueOf(part), usualOf(part, isNeeded), part.description ?? ""]];
  return [...own, ...below(part, path)];
}

function below(part: Schema, path: string): Row[] {
  const prefix = path === "" ? "" : `${path}.`;
  return [
    ...propertiesOf(part).flatMap(([key, inner]) => rows(inner.part, `${prefix}${key}`, inner.isNeeded)),
    ...formsOf(part).flatMap(({ additionalProperties: named }) =>
      typeof named === "object" ? below(named, `${path}.<name>`) : [],
    ),
    ...(part.items ? below(part.items, `${path}[]`) : []),
  ];
}

/** A Markdown table, its columns aligned as the formatter aligns them. */
function table(head: Row, body: readonly Row[]): string {
  const cells = [head, ...body].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = [], ...rest] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n");
}

const made = "<!-- Made by npm run generate; change the source. -->";

const config = `${made}
# modelgate.yml

Unknown keys are problems. Units are part of values: \`50 ms\`, \`1%\`, \`200 MB\`, \`50/s\`, \`7 days\`. Paths are relative to the folder of the file.

${table(["key", "value", "default", "meaning"], rows(written, ""))}
`;

const errors = `${made}
# Problems

Each problem says what is wrong, where (file:line:column, key, byte offset) and what to do.

${Object.entries(explanations)
  .map(([name, { meaning, remedy }]) => `## ${name}\n\n${meaning} ${remedy}\n`)
  .join("\n")}`;

const action = (main: string): string => `# Made by npm run generate; change src/hosts/action.ts.
${stringify(
  {
    name: "Modelgate: model release gate",
    description:
      "Validates, packages, deploys, evaluates as served, gates and promotes a machine-learning model as one digest",
    author: "modelgate",
    branding: { icon: "check-circle", color: "green" },
    inputs: Object.fromEntries(
      Object.entries(actionInputs).map(([name, { description, required, default: usual }]) => [
        name,
        { description, required: required ?? false, ...(usual !== undefined && { default: usual }) },
      ]),
    ),
    outputs: Object.fromEntries(Object.entries(actionOutputs).map(([name, description]) => [name, { description }])),
    runs: { using: "node24", main },
  },
  { lineWidth: 0 },
)}`;

const files: Record<string, string> = {
  "action.yml": action("dist/action.js"),
  // The kit's own: a workflow names an action of its repository by a folder (`$/path`), and the runner looks for it there.
  ".github/actions/stage/action.yml": action("../../../dist/action.js"),
  "schema/modelgate.schema.json": `${forEditors}\n`,
  "docs/reference/config.md": config,
  "docs/reference/errors.md": errors,
};

const check = process.argv.includes("--check");
const current = (file: string): string | null => {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return null;
  }
};
const stale = Object.entries(files).filter(([file, text]) => current(file) !== text);
for (const [file, text] of stale) {
  if (check) console.error(`${file} is not what the source makes: run npm run generate`);
  else writeFileSync(join(root, file), text);
}
if (check && stale.length > 0) process.exitCode = 1;
