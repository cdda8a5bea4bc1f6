import type { Outcome } from "../domain/outcome.ts";
import { type Problem, UserError, WorldError } from "../domain/problem.ts";
import type { Request } from "../domain/request.ts";
import { concludes } from "../domain/showing.ts";
import type { Host } from "../ports/host.ts";
import type { Platform } from "../ports/platform.ts";
import type { View } from "../ports/view.ts";
import { failureComment, outcomeComment } from "../reports/comment.ts";
import type { Workshop } from "./workshop.ts";

/** What is shown of a failure. A bug of ours has its stack in the log, and nowhere else. */
function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  return error instanceof WorldError ? [error.problem] : [];
}

/** Who looks, at whose work. */
interface Watched {
  /** The view of what came out; null: there was no outcome. */
  view: (outcome: Outcome | null) => Promise<View | null>;
  host: Pick<Host, "source">;
  request: Request;
  /** The model the command is about; null for commands about the repository. */
  model: string | null;
}

/** Whether a request concludes a release. One of several planned models is concluded by `collect`, with the others. */
const isConcluding = ({ command, models }: Request): boolean =>
  concludes(command) && (models === null || command === "collect");

/** Does work in sight of a view, and shows what it comes to. What cannot be shown changes nothing. */
export async function inView(
  { view: viewOf, host, request, model }: Watched,
  signal: AbortSignal,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const about = { command: request.command, concluding: isConcluding(request) };
  // Whatever keeps the view from being made, there is an outcome all the same.
  const found = (of: Outcome | null): Promise<View | null> => viewOf(of).catch(() => null);
  let outcome: Outcome;
  try {
    outcome = await work();
  } catch (error) {
    const problems = problemsOf(error);
    const markdown = failureComment({ model, problems }, host.source);
    await (await found(null))?.fail({ ...about, problems, markdown });
    throw error;
  }
  const view = await found(outcome);
  await view?.show({ ...about, outcome, markdown: outcomeComment(outcome, host.source) }, signal);
  return outcome;
}

/** A workshop whose deployments are announced just before they happen. A champion beside the candidate is no release. */
export function announcing(shop: Workshop, request: Request): Workshop {
  const { view } = shop;
  if (!view) return shop;
  const about = { command: request.command, concluding: isConcluding(request) };
  const announced = (platform: Platform, environment: string): Platform => ({
    ...platform,
    async deploy(release, signal) {
      await view.begin({ ...about, environment, release }, signal);
      return platform.deploy(release, signal);
    },
  });
  return {
    ...shop,
    platform(environment, slot) {
      const platform = shop.platform(environment, slot);
      return slot === "main" ? announced(platform, environment) : platform;
    },
  };
}
