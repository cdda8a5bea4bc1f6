import type { Api } from "./api.ts";
import { isMarked, isOlder, type Marker, markerText, runOf } from "./marker.ts";

/** Who a job's own token writes as, everywhere. */
const jobsOwn = "github-actions[bot]";
const perPage = 100;
/** A pull request holds 2,500 comments. */
const mostPages = 26;

interface Comment {
  id: number;
  body?: string | undefined;
  user: { login: string; type: string } | null;
}

/**
 * Comments that begin with our marker, oldest first. Whether they are ours is another question: anyone can write a marker.
 * Stops at the first that a job's token wrote, as that is.
 */
async function marked(api: Api, issue_number: number, key: string, signal: AbortSignal): Promise<Comment[]> {
  const found: Comment[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const { data } = await api.call(
      "listComments",
      (octokit, at) => octokit.rest.issues.listComments({ ...at, issue_number, per_page: perPage, page }),
      signal,
    );
    found.push(...data.filter(({ body }) => isMarked(body ?? "", key)));
    if (found.some(isJobs) || data.length < perPage) break;
  }
  return found;
}

const isJobs = ({ user }: Comment): boolean => user?.login === jobsOwn && user.type === "Bot";

/** The account the token writes as; null when it cannot be known. GraphQL tells it to any kind of token. */
async function ownLogin(api: Api, signal: AbortSignal): Promise<string | null> {
  try {
    const { viewer } = await api.call(
      "whoAmI",
      (octokit, { request }) =>
        octokit.graphql<{ viewer?: { login?: unknown } }>("query { viewer { login } }", { request }),
      signal,
    );
    return typeof viewer?.login === "string" ? viewer.login : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** The comment that is ours to write anew; null when there is none. Nobody else's is ever touched, whatever it says. */
async function ownComment(api: Api, issue: number, key: string, signal: AbortSignal): Promise<Comment | null> {
  const found = await marked(api, issue, key, signal);
  const jobs = found.find(isJobs);
  if (jobs || found.length === 0) return jobs ?? null;
  const own = await ownLogin(api, signal);
  return found.find(({ user }) => own !== null && user?.login.toLowerCase() === own.toLowerCase()) ?? null;
}

/** Keeps one comment in a pull request: writes it anew where it stands, and leaves what a newer run wrote. */
export async function keepComment(
  api: Api,
  issue_number: number,
  { marker, text }: { marker: Marker; text: string },
  signal: AbortSignal,
): Promise<void> {
  const body = `${markerText(marker)}${text}`;
  const own = await ownComment(api, issue_number, marker.key, signal);
  if (own === null) {
    await api.call(
      "createComment",
      (octokit, at) => octokit.rest.issues.createComment({ ...at, issue_number, body }),
      signal,
    );
    return;
  }
  const writer = runOf(own.body ?? "");
  if (own.body === body || (writer !== null && isOlder(marker.run, writer))) return;
  await api.call(
    "updateComment",
    (octokit, at) => octokit.rest.issues.updateComment({ ...at, comment_id: own.id, body }),
    signal,
  );
}
