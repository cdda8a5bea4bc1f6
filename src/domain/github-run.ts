/** The run of a GitHub job, as far as it decides where things are shown. */
export interface GitHubRun {
  /** Address of the REST API: https://api.github.com, or a server's own. */
  apiUrl: string;
  /** https://github.com, or a server's own. */
  serverUrl: string;
  /** owner/name */
  repository: string;
  /** Null when the event does not say. */
  owner: "organization" | "user" | null;
  visibility: "public" | "private" | "internal" | null;
  /** The commit the run is about: of a pull request its head. */
  commit: string | null;
  /** The run's id, digits, and its address. */
  id: string;
  url: string;
  /** The pull request the run is about; `fork`: its branch is in another repository, so the job's token may only read. */
  pullRequest: { number: number; fork: boolean } | null;
}
