// Writes what is made from the source: action.yml, the JSON Schema, docs/reference/config.md and errors.md. With --check it writes
// nothing and exits 1 when a file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { configSchema } from "../src/config/schema.ts";
import { actionInputs, actionOutputs } from "../src/hosts/action.ts";
import { explanations } from "../src/reports/errors.ts";

const root = join(import.meta.dirname, "..");

interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const schema = {
  ...(z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as Schema),
  title: "modelgate.yml",
};

function typeOf(part: Schema): string {
  if (part.enum) return part.enum.map((value) => `\`${String(value)}\``).join(" or ");
  if (part.const !== undefined) return `\`${JSON.stringify(part.const)}\``;
  const forms = part.anyOf ?? part.oneOf;
  if (forms) return [...new Set(forms.map(typeOf))].join(" or ");
  if (part.type === "array") return `list of ${part.items ? typeOf(part.items) : "anything"}`;
  if (part.type === "object") return part.properties ? "keys" : "names and values";
  return (
    { string: "text", integer: "whole number", number: "number", boolean: "true or false" }[part.type ?? ""] ??
    "text with a unit"
  );
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** A row per key, depth first. */
function rows(part: Schema, path: string, required: boolean): string[] {
  const own =
    path === ""
      ? []
      : [
          `| \`${path}\` | ${cell(typeOf(part))} | ${required ? "needed" : part.default === undefined || typeof part.default === "object" ? "" : `\`${JSON.stringify(part.default)}\``} | ${cell(part.description ?? "")} |`,
        ];
  const below = Object.entries(part.properties ?? {}).flatMap(([key, inner]) =>
    rows(inner, path === "" ? key : `${path}.${key}`, part.required?.includes(key) ?? false),
  );
  const named =
    typeof part.additionalProperties === "object" ? rows(part.additionalProperties, `${path}.<name>`, false) : [];
  const forms = (part.anyOf ?? part.oneOf ?? []).flatMap((form) =>
    form.properties ? rows({ properties: form.properties, required: form.required ?? [] }, path, false).slice(1) : [],
  );
  const listed =
    part.items?.anyOf?.flatMap((form) =>
      form.properties
        ? rows({ properties: form.properties, required: form.required ?? [] }, `${path}[]`, false).slice(1)
        : [],
    ) ?? [];
  return [...own, ...below, ...named, ...forms, ...listed];
}

const made = "<!-- Made by npm run generate; change the source. -->";

const config = `${made}
# modelgate.yml

Unknown keys are problems. Units are part of values: \`50 ms\`, \`1%\`, \`200 MB\`, \`50/s\`, \`7 days\`. Paths are relative to the folder of the file.

| key | value | default | |
| --- | --- | --- | --- |
${rows(schema, "", false).join("\n")}
`;

const errors = `${made}
# Problems

Each problem says what is wrong, where (file:line:column, key, byte offset) and what to do.

${Object.entries(explanations)
  .map(([code, { meaning, remedy }]) => `## ${code}\n\n${meaning} ${remedy}\n`)
  .join("\n")}`;

const action = `# Made by npm run generate; change src/hosts/action.ts.
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
    runs: { using: "node24", main: "dist/action.js" },
  },
  { lineWidth: 0 },
)}`;

const files: Record<string, string> = {
  "action.yml": action,
  "schema/modelgate.schema.json": `${JSON.stringify(schema, null, 2)}\n`,
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
