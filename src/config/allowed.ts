import { z } from "zod";
import { configSchema } from "./schema.ts";

/** A part of the JSON Schema of modelgate.yml; `form` and `units` are ours and say what may be written. */
export interface Schema {
  type?: string;
  description?: string;
  default?: string | number | boolean | object;
  form?: string;
  units?: string[];
  examples?: string[];
  enum?: string[];
  const?: string;
  minimum?: number;
  maximum?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** modelgate.yml as users write it. */
export const writtenSchema = (): Schema => z.toJSONSchema(configSchema, { io: "input" }) as Schema;

/** The forms a value may have: of a union its members. */
export const formsOf = (schema: Schema): Schema[] => schema.anyOf ?? schema.oneOf ?? [schema];

function step(schema: Schema, part: PropertyKey): Schema[] {
  return formsOf(schema).flatMap((form) => {
    if (typeof part === "number") return form.items ? [form.items] : [];
    const key = String(part);
    const property = form.properties && Object.hasOwn(form.properties, key) ? form.properties[key] : undefined;
    if (property) return [property];
    return typeof form.additionalProperties === "object" ? [form.additionalProperties] : [];
  });
}

const words: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  object: "keys and values",
  array: "a list",
  boolean: "true or false",
};

/** What may be written, as a phrase: `a rate such as 50/s (units: /s, rps, /min)`. */
export function phraseOf(schema: Schema): string {
  if (schema.form) return schema.form;
  if (schema.enum) return schema.enum.length > 1 ? `one of ${schema.enum.join(", ")}` : schema.enum.join("");
  if (schema.const !== undefined) return schema.const;
  const forms = formsOf(schema);
  const keys = [...new Set(forms.flatMap((form) => Object.keys(form.properties ?? {})))];
  const single = forms.filter((form) => form !== schema && !form.properties).map(phraseOf);
  if (keys.length > 0) single.push(`keys and values (${keys.join(", ")})`);
  if (single.length > 0) return [...new Set(single)].join(" or ");
  if (schema.items) return `a list, each ${phraseOf(schema.items)}`;
  if (typeof schema.additionalProperties === "object")
    return `names, each with ${phraseOf(schema.additionalProperties)}`;
  const word = words[schema.type ?? ""] ?? "a value";
  const { minimum, maximum } = schema;
  return minimum === undefined || maximum === undefined ? word : `${word} from ${minimum} to ${maximum}`;
}

/** What may stand at a path. */
export interface Allowed {
  keys: string[];
  /** Of a choice. */
  values: string[];
  /** Of a quantity. */
  units: string[];
  examples: string[];
  phrase: string;
  /** What the names of an open set of keys look like. */
  names: string;
}

/** Whether a value has the constants of a form: of an environment its platform. */
function isOf(form: Schema, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const said = value as Record<string, unknown>;
  return Object.entries(form.properties ?? {}).every(
    ([key, { const: word }]) => word === undefined || said[key] === word,
  );
}

/** Looks up what may stand at a path of modelgate.yml; with the value there, what may stand in this form of it. */
export const allowedAt =
  (schema: Schema) =>
  (path: readonly PropertyKey[], value?: unknown): Allowed => {
    let at: Schema[] = [schema];
    for (const part of path) at = at.flatMap((form) => step(form, part));
    const all = at.flatMap(formsOf).filter((form) => isOf(form, value));
    return {
      keys: [...new Set(all.flatMap((form) => Object.keys(form.properties ?? {})))],
      values: [...new Set(all.flatMap((form) => form.enum ?? (form.const === undefined ? [] : [form.const])))],
      units: all.flatMap((form) => form.units ?? []),
      examples: all.flatMap((form) => form.examples ?? []),
      phrase: [...new Set(at.map(phraseOf))].join(" or "),
      names: all.flatMap((form) => (form.propertyNames ? [phraseOf(form.propertyNames)] : [])).join(" or "),
    };
  };

/** A path as people write it: `gates[0].check`. */
export const keyOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
