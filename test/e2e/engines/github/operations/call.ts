import type { Answer } from "../exchange.ts";
import type { Actor } from "../identity.ts";
import type { State } from "../state.ts";

/** One call of the REST API, found valid by GitHub's description. */
export interface Call {
  state: State;
  apiUrl: string;
  actor: Actor;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** Of the shape the description gives. */
  body: Readonly<Record<string, unknown>>;
  path: string;
}

/** Operation id → what the fake does. */
export type Operations = Readonly<Record<string, (call: Call) => Answer>>;

export const notFound: Answer = {
  status: 404,
  body: { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" },
};

/** GitHub's answer to what the description allows and its rules do not. */
export const unprocessable = (message: string): Answer => ({
  status: 422,
  body: { message, documentation_url: "https://docs.github.com/rest", status: "422" },
});

/** A text of the body, or a usual one. */
export function said(call: Call, key: string, usual: string): string;
export function said(call: Call, key: string, usual: null): string | null;
export function said(call: Call, key: string, usual: string | null): string | null {
  const value = call.body[key];
  return typeof value === "string" ? value : usual;
}

/** The part of a list that was asked for, with the Link header that leads to the rest. */
export function paged<T>(call: Call, items: readonly T[], view: (item: T) => unknown): Answer {
  const [size, page] = [Number(call.query["per_page"] ?? 30), Number(call.query["page"] ?? 1)];
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, relation: string): string => {
    const query = new URLSearchParams({ ...call.query, page: String(to) });
    return `<${call.apiUrl}${call.path}?${query.toString()}>; rel="${relation}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, "prev"), link(1, "first")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
  ];
  return {
    status: 200,
    body: items.slice((page - 1) * size, page * size).map(view),
    ...(links.length > 0 && { headers: { link: links.join(", ") } }),
  };
}
