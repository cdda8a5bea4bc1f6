import type { PlatformKind } from "../adapters/platforms/index.ts";
import type { runtimes } from "../adapters/runtimes/index.ts";
import type { Declared } from "../domain/contract.ts";
import type { Check } from "../domain/gate/decide.ts";
import type { Task } from "../domain/observations/observations.ts";
import type { LoadProfile } from "../domain/schedule.ts";

/** A configuration, checked and with its units resolved. Sizes in bytes, times in ms, rates per second. */
export interface Config {
  /** The file it was read from. */
  file: string;
  model: {
    name: string;
    path: string;
    contract: { inputs: Declared | null; outputs: Declared | null };
    maxBytes: number | null;
  };
  image: { repository: string | null; base: string | null; runtime: keyof typeof runtimes; server: string | null };
  smoke: { examples: string } | null;
  evaluate: {
    data: string;
    task: Task;
    inputs: Readonly<Record<string, string>>;
    label: string;
    id: string | null;
    /** Binary: [negative, positive]; regression: empty. */
    classes: readonly string[];
    threshold: number;
    output: string | null;
    slices: readonly string[];
    concurrency: number;
    failedRows: "error" | "wrong" | "exclude";
    maxFailed: number | null;
  } | null;
  load: {
    profile: LoadProfile;
    ratePerSecond: number;
    milliseconds: number;
    warmupMilliseconds: number;
    timeoutMilliseconds: number;
  } | null;
  gates: readonly Check[];
  promotion: { maxAgeMilliseconds: number; first: "allow" | "block" };
  environments: Readonly<Record<string, { platform: PlatformKind; options: Readonly<Record<string, unknown>> }>>;
}
