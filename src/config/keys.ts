import type { KnownKeys } from "./issues.ts";

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
}

const forms = (schema: Schema): Schema[] => [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];

const step = (schema: Schema, part: PropertyKey): Schema[] =>
  forms(schema).flatMap((form) => {
    if (typeof part === "number") return form.items ? [form.items] : [];
    const property =
      form.properties && Object.hasOwn(form.properties, part) ? form.properties[String(part)] : undefined;
    if (property) return [property];
    return typeof form.additionalProperties === "object" ? [form.additionalProperties] : [];
  });

/** What may stand at a path, read off the JSON Schema: the keys of an object, or the values of a choice. */
export const knownKeys =
  (schema: object): KnownKeys =>
  (path) => {
    let at: Schema[] = [schema as Schema];
    for (const part of path) at = at.flatMap((form) => step(form, part));
    const all = at.flatMap(forms);
    const keys = all.flatMap((form) => Object.keys(form.properties ?? {}));
    const values = all
      .flatMap((form) => [...(form.enum ?? []), ...(form.const === undefined ? [] : [form.const])])
      .map(String);
    return [...new Set([...keys, ...values])];
  };
