import type { CommitStatus } from "../state.ts";
import { type Operations, paged, said, unprocessable } from "./call.ts";
import { commitStatus } from "./views.ts";

export const statuses: Operations = {
  "repos/create-commit-status": (call) => {
    const { state, params } = call;
    const description = said(call, "description", null);
    if ((description ?? "").length > 140) return unprocessable("description is too long (maximum is 140 characters)");
    if (!/^[0-9a-f]{40}$/.test(params["sha"] ?? "")) return unprocessable(`No commit found for SHA: ${params["sha"]}`);
    const created: CommitStatus = {
      id: state.next(),
      sha: params["sha"]!,
      state: said(call, "state", ""),
      context: said(call, "context", "default"),
      description,
      targetUrl: said(call, "target_url", null),
      creator: call.actor.login,
      createdAt: state.now(),
    };
    state.commitStatuses.push(created);
    return { status: 201, body: commitStatus(call, created) };
  },
  "repos/list-commit-statuses-for-ref": (call) =>
    paged(call, call.state.commitStatuses.filter(({ sha }) => sha === call.params["ref"]).toReversed(), (it) =>
      commitStatus(call, it),
    ),
};
