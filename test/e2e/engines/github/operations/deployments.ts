import { addStatus, type Deployment } from "../state.ts";
import { type Call, notFound, type Operations, paged, said, unprocessable } from "./call.ts";
import { deployment, deploymentStatus } from "./views.ts";

const found = ({ state, params }: Call): Deployment | undefined =>
  state.deployments.find(({ id }) => id === Number(params["deployment_id"]));

/** An older commit has no checks here, so only what the documentation promises of an explicit list holds. */
const withoutChecks = (call: Call): boolean => {
  const contexts = call.body["required_contexts"];
  return Array.isArray(contexts) && contexts.length === 0;
};

export const deployments: Operations = {
  "repos/create-deployment": (call) => {
    const { state, body } = call;
    if (body["auto_merge"] !== false)
      return { status: 409, body: { message: "Conflict merging the default branch into the ref" } };
    if (!withoutChecks(call))
      return { status: 409, body: { message: "Conflict: Commit status checks failed for the ref." } };
    const payload = body["payload"] ?? {};
    if (JSON.stringify(payload).length > 65_535)
      return unprocessable("payload is too long (maximum is 65535 characters)");
    const [environment, ref, now] = [said(call, "environment", "production"), said(call, "ref", ""), state.now()];
    const created: Deployment = {
      id: state.next(),
      ref,
      sha: /^[0-9a-f]{40}$/.test(ref) ? ref : "a".repeat(40),
      task: said(call, "task", "deploy"),
      payload,
      environment,
      description: said(call, "description", null),
      transient: body["transient_environment"] === true,
      production: (body["production_environment"] ?? environment === "production") === true,
      creator: call.actor.login,
      createdAt: now,
      updatedAt: now,
    };
    state.deployments.push(created);
    return { status: 201, body: deployment(call, created) };
  },
  "repos/list-deployments": (call) => {
    const wanted = (["sha", "ref", "task", "environment"] as const).flatMap((key) => {
      const value = call.query[key];
      return value === undefined || value === "none" ? [] : [[key, value] as const];
    });
    const list = call.state.deployments.filter((it) => wanted.every(([key, value]) => it[key] === value));
    return paged(call, list.toReversed(), (it) => deployment(call, it));
  },
  "repos/get-deployment": (call) => {
    const it = found(call);
    return it ? { status: 200, body: deployment(call, it) } : notFound;
  },
  "repos/delete-deployment": (call) => {
    const it = found(call);
    if (!it) return notFound;
    call.state.deployments.splice(call.state.deployments.indexOf(it), 1);
    return { status: 204 };
  },
  "repos/create-deployment-status": (call) => {
    const it = found(call);
    if (!it) return notFound;
    const description = said(call, "description", "");
    if (description.length > 140) return unprocessable("description is too long (maximum is 140 characters)");
    const status = addStatus(call.state, it, {
      state: said(call, "state", ""),
      description,
      environment: said(call, "environment", it.environment),
      logUrl: said(call, "log_url", said(call, "target_url", "")),
      environmentUrl: said(call, "environment_url", ""),
      creator: call.actor.login,
      autoInactive: call.body["auto_inactive"] !== false,
    });
    return { status: 201, body: deploymentStatus(call, status) };
  },
  "repos/list-deployment-statuses": (call) => {
    if (!found(call)) return notFound;
    const list = call.state.statuses.filter(({ deployment: id }) => id === Number(call.params["deployment_id"]));
    return paged(call, list.toReversed(), (it) => deploymentStatus(call, it));
  },
};
