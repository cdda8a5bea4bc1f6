import { notifiers } from "../adapters/notifiers/index.ts";
import { systemClock } from "../adapters/system/clock.ts";
import type { Config } from "../config/config.ts";
import type { GitHubRun } from "../domain/github-run.ts";
import type { Host } from "../ports/host.ts";
import type { View } from "../ports/view.ts";

type GitHubSettings = Parameters<typeof notifiers.github>[0]["settings"];

/** Which job we are in, and its token. */
interface Where {
  run: GitHubRun | null;
  token: { secret: string } | null;
}

/** Where people see what is done: GitHub for its jobs; null on a terminal, and without a token. */
function wireView(
  { run, token }: Where,
  host: Host,
  { settings, model }: { settings: GitHubSettings; model: string | null },
): View | null {
  if (!run || !token) return null;
  return notifiers.github({ run, token: token.secret, settings, model, clock: systemClock, host });
}

/** The view of commands about one model. */
export const wireModelView = ({ github, model }: Config, host: Host, where: Where): View | null =>
  wireView(where, host, { settings: { ...github, commitStatus: () => github.commitStatus }, model: model.name });

/** The view of a command about several models: each decides for itself, and one that wants the comment is enough. */
export function wireRepositoryView(configs: readonly Config[], host: Host, where: Where): View | null {
  const configOf = (model: string): Config | undefined => configs.find((config) => config.model.name === model);
  const settings: GitHubSettings = {
    deploymentRecord: "none",
    artifactRecord: false,
    comment: configs.length === 0 || configs.some(({ github }) => github.comment),
    commitStatus: (model) => configOf(model)?.github.commitStatus ?? true,
  };
  return wireView(where, host, { settings, model: null });
}
