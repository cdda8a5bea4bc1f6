import type { IncomingHttpHeaders } from "node:http";
import type { Actor, Job } from "./identity.ts";

/** Whose token is whose. */
export class Tokens {
  readonly #jobs = new Map<string, Job>();
  readonly #persons = new Map<string, string>();

  /** The jobs of a run have tokens from now on; those of earlier runs have none any more. */
  startRun(jobs: readonly Job[]): void {
    this.#jobs.clear();
    for (const job of jobs) this.#jobs.set(job.token, job);
  }

  /** The token of a person, or of an app whose login ends in [bot]. */
  ofPerson(login: string): string {
    const token = `ghp_${login}`;
    this.#persons.set(token, login);
    return token;
  }

  job(token: string): Job | null {
    return this.#jobs.get(token) ?? null;
  }

  actor(token: string): Actor | null {
    const job = this.job(token);
    if (job) return { kind: "job", login: "github-actions[bot]", job };
    const login = this.#persons.get(token);
    return login === undefined ? null : { kind: "person", login };
  }

  /** Who sent a request. */
  sender(headers: IncomingHttpHeaders): Actor | null {
    return this.actor(/^(?:bearer|token) (\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "");
  }
}

/** How the log names who asked. */
export const nameOf = (actor: Actor | null): string | null =>
  actor?.kind === "job" ? `${actor.job.workflow} ${actor.job.job}` : (actor?.login ?? null);
