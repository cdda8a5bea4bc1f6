import type { Config } from "../config/config.ts";
import type { Reading } from "../domain/difference.ts";
import type { Endpoint } from "../domain/release.ts";
import type { Approvals, CommitAuthors } from "../ports/approvals.ts";
import type { Builder } from "../ports/builder.ts";
import type { Bundles } from "../ports/bundles.ts";
import type { Clock } from "../ports/clock.ts";
import type { ConvertedModels } from "../ports/converted-models.ts";
import type { DataUses } from "../ports/data-uses.ts";
import type { Dataset, Sent } from "../ports/dataset.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";
import type { HandOver } from "../ports/hand-over.ts";
import type { Host } from "../ports/host.ts";
import type { Importer } from "../ports/importer.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { ModelFormat } from "../ports/model-format.ts";
import type { ModelSource } from "../ports/model-source.ts";
import type { Platform } from "../ports/platform.ts";
import type { ProtectedBranch } from "../ports/protected-branch.ts";
import type { Protocol } from "../ports/protocol.ts";
import type { RunFiles } from "../ports/run-files.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { ScriptRunner } from "../ports/script-runner.ts";
import type { Spill } from "../ports/spill.ts";
import type { View } from "../ports/view.ts";

/** The ports of one configuration, as wire made them, and who is asking. */
export interface Workshop {
  config: Config;
  /** The version of modelgate. */
  version: string;
  host: Host;
  clock: Clock;
  source: ModelSource;
  /** Models made of others. */
  converted: ConvertedModels;
  formats: readonly ModelFormat[];
  runtime: Runtime;
  builder: Builder;
  evidence: EvidenceStore;
  dataUses: DataUses;
  ledger: LedgerStore;
  protectedBranch: ProtectedBranch;
  bundles: Bundles;
  /** What the jobs of a workflow run leave for each other; null without image.repository. */
  handOver: HandOver | null;
  /** Null where there is no GitHub repository, or no token for it. */
  approvals: (Approvals & CommitAuthors) | null;
  /** Where people see what is done; null on a terminal, and without a token. */
  view: View | null;
  /** The platform of an environment; `champion` is a second place beside it, for the release in production. */
  platform(environment: string, slot: "main" | "champion"): Platform;
  protocol(kind: string): Protocol;
  /** Finds out which protocol an endpoint speaks. @throws WorldError when nothing tells. */
  detect(endpoint: Endpoint, model: string, signal: AbortSignal): Promise<string>;
  /** The same without the credentials that requests carry; null when they carry none. */
  stranger(kind: string): Protocol | null;
  /** A place on this machine where a release can be run to compare it with what an environment runs, or why there is none. */
  onThisMachine(environment: string): Platform | { skipped: string };
  /** What of a value a JSON Schema refuses; null: nothing. @throws RangeError when the schema is none. */
  schemaFault: Reading["schemaFault"];
  /** Which texts a regular expression is found in; null: it took too long. */
  patternMatches(pattern: string, texts: readonly string[]): boolean[] | null;
  /** The reader for a data file. @throws UserError when no kind recognises its name. */
  dataset(path: string): Dataset;
  /** Reads the results of another tool. */
  importer(tool: string): Importer;
  /** Runs the scripts of the user. */
  scripts: ScriptRunner;
  /** A place on disk for what is sent of rows. */
  spill(): Spill<Sent>;
  files: RunFiles;
  /** A text file the configuration names, or null when it is not there. */
  readText(path: string): Promise<string | null>;
  /** Writes a text file whole or not at all. */
  writeText(path: string, text: string): Promise<void>;
  /** A path that a request names, as an absolute one. */
  fromWorkingFolder(path: string): string;
  /** A path of the configuration as an absolute one. */
  resolve(path: string): string;
}
