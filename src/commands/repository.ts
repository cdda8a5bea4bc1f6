import type { Config } from "../config/config.ts";
import type { Changes } from "../ports/changes.ts";
import type { HandOver } from "../ports/hand-over.ts";
import type { Host } from "../ports/host.ts";
import type { View } from "../ports/view.ts";

/** The ports of commands about the repository, which no single configuration decides. */
export interface RepositoryWorkshop {
  host: Host;
  changes: Changes;
  /** What the jobs of a run leave for a model; null when it has no repository to leave it in. */
  handOver(config: Config): Promise<HandOver | null>;
  /** Where people see what is done with these models; null on a terminal, and without a token. */
  view(configs: readonly Config[]): View | null;
  /** A text file, or null when it is not there. */
  readText(path: string): Promise<string | null>;
  /** Does work for many items, some at a time, and gives the results in their order. */
  each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]>;
}
