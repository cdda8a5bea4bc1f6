import { type Context, type Document, OpenAPIBackend } from "openapi-backend";
import description from "../../../fixtures/github-openapi.json" with { type: "json" };
import type { Answer } from "./exchange.ts";
import { type Actor, lacking } from "./identity.ts";
import { artifacts } from "./operations/artifacts.ts";
import { type Call, notFound, type Operations } from "./operations/call.ts";
import { deployments } from "./operations/deployments.ts";
import { dispatches } from "./operations/dispatches.ts";
import { issues } from "./operations/issues.ts";
import { repositories } from "./operations/repository.ts";
import { statuses } from "./operations/statuses.ts";
import type { State } from "./state.ts";

/** Something GitHub's description does not allow: in a request, or in what the fake itself answered. */
export interface Violation {
  what: "request" | "response" | "unknown path" | "not in the fake";
  operation: string;
  errors: readonly string[];
}

/** A call that the job's token had no permission for. */
export interface Denied {
  /** File of the workflow and job: release.yml stage. */
  job: string;
  operation: string;
  needs: string;
}

/** One call, as it is handed to the API. */
export interface RestRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  actor: Actor | null;
}

export interface Rest {
  handle(request: RestRequest): Promise<Answer>;
  violations: Violation[];
  denied: Denied[];
}

const operations: Operations = { ...deployments, ...issues, ...repositories, ...statuses, ...artifacts, ...dispatches };

const unauthorized: Answer = { status: 401, body: { message: "Requires authentication", status: "401" } };
const forbidden: Answer = {
  status: 403,
  body: {
    message: "Resource not accessible by integration",
    documentation_url: "https://docs.github.com/rest",
    status: "403",
  },
};

/** The formats the description names, as far as they say more than the type. */
const formats = {
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  // GitHub itself answers an empty one where there is none.
  uri: (text: string): boolean => text === "" || URL.canParse(text),
};

type Errors = Context["validation"]["errors"];
const messages = (errors: Errors): string[] =>
  (errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);

/** Whether the call is about a pull request, which is an issue too. */
function isAboutPullRequest(state: State, params: Readonly<Record<string, string>>): boolean {
  const comment = state.comments.find(({ id }) => id === Number(params["comment_id"]));
  const number = Number(params["issue_number"] ?? comment?.issue);
  return state.issues.find((issue) => issue.number === number)?.pullRequest != null;
}

/** GitHub's REST API over a state, every request and every answer held against GitHub's own description. */
export async function createRest(state: State, apiUrl: string): Promise<Rest> {
  const violations: Violation[] = [];
  const denied: Denied[] = [];
  const idOf = (context: Context): string => context.operation?.operationId ?? context.request.path;

  function allowed(context: Context, actor: Actor): boolean {
    if (actor.kind === "person") return true;
    const about = {
      pullRequest: isAboutPullRequest(state, context.request.params as Record<string, string>),
      public: state.visibility === "public",
    };
    const needs = lacking(actor, idOf(context), about);
    if (needs === null) return true;
    denied.push({ job: `${actor.job.workflow} ${actor.job.job}`, operation: idOf(context), needs });
    return false;
  }

  function isElsewhere({ owner, repo, org }: Record<string, string>): boolean {
    const [ours] = state.repository.split("/");
    return (org !== undefined && org !== ours) || (repo !== undefined && `${owner}/${repo}` !== state.repository);
  }

  const handler = (name: string) => (context: Context, actor: Actor | null) => {
    if (!actor) return unauthorized;
    const params = context.request.params as Record<string, string>;
    if (isElsewhere(params)) return notFound;
    if (!allowed(context, actor)) return forbidden;
    const { path, query, requestBody } = context.request;
    const call: Call = {
      state,
      apiUrl,
      actor,
      params,
      path,
      query: query as Call["query"],
      body: (requestBody ?? {}) as Call["body"],
    };
    return operations[name]!(call);
  };

  const api = new OpenAPIBackend({
    definition: description as unknown as Document,
    quick: true,
    validate: true,
    coerceTypes: true,
    ajvOpts: { strict: false, logger: false, coerceTypes: false },
    customizeAjv: (ajv) => {
      for (const [name, holds] of Object.entries(formats)) ajv.addFormat(name, holds);
      return ajv;
    },
  });
  for (const name of Object.keys(operations)) api.registerHandler(name, handler(name));
  const refuse = (what: Violation["what"], answer: Answer) => (context: Context) => {
    violations.push({ what, operation: idOf(context), errors: messages(context.validation?.errors) });
    return answer;
  };
  const seen = ({ api: backend, operation, response }: Context<unknown>): Answer => {
    const { status, body } = response as Answer;
    if (operation && status < 400 && body !== undefined) {
      const { errors } = backend.validateResponse(body, operation, status);
      if (errors?.length)
        violations.push({ what: "response", operation: operation.operationId ?? "", errors: messages(errors) });
    }
    return response as Answer;
  };
  api.register({
    validationFail: refuse("request", { status: 422, body: { message: "Validation Failed" } }),
    notFound: refuse("unknown path", notFound),
    notImplemented: refuse("not in the fake", {
      status: 501,
      body: { message: "The fake does not know this operation" },
    }),
    postResponseHandler: seen,
  });
  await api.init();
  return {
    violations,
    denied,
    handle: ({ actor, ...request }) => api.handleRequest({ ...request, headers: {} }, actor) as Promise<Answer>,
  };
}
