import type { importers } from "../adapters/importers/index.ts";
import type { PlatformKind } from "../adapters/platforms/index.ts";
import type { CustomServer, runtimes } from "../adapters/runtimes/index.ts";
import type { Declared } from "../domain/contract.ts";
import type { Conversion } from "../domain/conversion.ts";
import type { Dialect } from "../domain/dialect.ts";
import type { Check } from "../domain/gate/decide.ts";
import type { Image } from "../domain/image.ts";
import type { FindMax } from "../domain/load-search.ts";
import type { GoodputBounds, Task } from "../domain/observations/observations.ts";
import type { DeclaredMetric } from "../domain/outside/declared.ts";
import type { ImportedMetric } from "../domain/outside/imported.ts";
import type { LoadPlan } from "../domain/schedule.ts";
import type { TrustedIdentity } from "../domain/signature.ts";

/** A script of the user's own. */
export interface ScriptSettings {
  run: readonly string[];
  metrics: Readonly<Record<string, DeclaredMetric>>;
  /** Names of the environment variables it gets. */
  env: readonly string[];
  timeoutMilliseconds: number;
}

/** A load test: `replay` names the file of its times, and `offline` sends each row once where `items` is null. */
export interface LoadSettings {
  plan:
    | Exclude<LoadPlan, { profile: "replay" | "offline" }>
    | { profile: "replay"; arrivals: string }
    | { profile: "offline"; concurrency: number; batch: number; items: number | null };
  /** How often the load is put while its gates do not pass. */
  maxAttempts: number;
  allowClosed: boolean;
  goodput: GoodputBounds | null;
  findMax: FindMax | null;
  warmupMilliseconds: number;
  timeoutMilliseconds: number;
}

/** `headers`, `cert` and `key` are names of variables, `ca` is a path. */
export interface Access {
  headers: Readonly<Record<string, string>>;
  host: string | null;
  tls: { ca: string | null; client: { cert: string; key: string } | null; serverName: string | null } | null;
}

/** Results of another tool. */
export interface ImportSettings {
  tool: keyof typeof importers;
  from: string;
  metrics: Readonly<Record<string, ImportedMetric>>;
}

/** A configuration, checked and with its units resolved. Sizes in bytes, times in ms, rates per second. */
export interface Config {
  /** The file it was read from. */
  file: string;
  model: {
    name: string;
    path: string;
    contract: { inputs: Declared | null; outputs: Declared | null };
    maxBytes: number | null;
    /** How it is made of the one at the path; null: it is that one. */
    convert: Conversion | null;
  };
  image: {
    repository: string | null;
    base: string | null;
    runtime: keyof typeof runtimes;
    server: string | null;
    custom: CustomServer | null;
  };
  /** What requests carry; null: nothing. */
  access: Access | null;
  /** What is said of requests beyond their protocol: only what was written. */
  protocol: Dialect;
  smoke: { examples: string; strict: boolean } | null;
  evaluate: {
    data: string;
    task: Task;
    inputs: Readonly<Record<string, string>>;
    label: string;
    id: string | null;
    /** Binary: [negative, positive]; regression: empty. */
    classes: readonly string[];
    threshold: number;
    /** A model whose answers to the same rows gates compare with. */
    baseline: Image | null;
    output: string | null;
    labelSeparator: string;
    split: string | null;
    /** Column of the query of a ranking, or of what else makes rows belong together. */
    group: string | null;
    /** Inputs of the other text of a pair; null: rows are no pairs. */
    partners: Readonly<Record<string, string>> | null;
    slices: readonly string[];
    concurrency: number;
    failedRows: "error" | "wrong" | "exclude";
    maxFailed: number | null;
    /** What an hour of staging costs, in any currency. */
    pricePerHour: number | null;
    /** Scripts that measure the endpoint, by name. */
    commands: Readonly<Record<string, ScriptSettings>>;
    /** Results of other tools, by name. */
    imports: Readonly<Record<string, ImportSettings>>;
    /** What answers have to be, by name: a regular expression, or the file of a JSON Schema. */
    rules: Readonly<Record<string, { regex: string } | { schemaFile: string }>>;
  } | null;
  load: LoadSettings | null;
  gates: readonly Check[];
  promotion: {
    maxAgeMilliseconds: number;
    first: "allow" | "block";
    /** The protected branch whose policy a looser one is held against. */
    baseline: string;
    approval: { by: readonly string[]; required: "always" | "loosened"; expiresMilliseconds: number } | null;
  };
  /** `key` and `passphrase` are names of environment variables. */
  signing: {
    method: "keyless" | "key" | "none";
    key: string | null;
    passphrase: string | null;
    instance: "public-good" | "github" | null;
  };
  trust: { keyFiles: readonly string[]; identities: readonly TrustedIdentity[]; trustedRoot: string | null };
  github: {
    deploymentRecord: "auto" | "own" | "none";
    comment: boolean;
    commitStatus: boolean;
    artifactRecord: boolean;
  };
  environments: Readonly<Record<string, { platform: PlatformKind; options: Readonly<Record<string, unknown>> }>>;
}
