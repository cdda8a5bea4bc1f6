/** Where in an input a problem lies. Lines and columns count from 1; `offset` counts bytes from 0. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
  /** A key path in a configuration, e.g. `environments.staging.port`, or a row or column of a data set. */
  key?: string;
  offset?: number;
}

/** Every code a user can meet, one section each in docs/reference/errors.md. */
export const problemCodes = [
  "config.syntax",
  "config.unknown-key",
  "config.missing",
  "config.type",
  "config.value",
  "config.gate",
  "config.not-found",
  "input.missing",
  "input.unknown-command",
  "input.image",
  "model.not-found",
  "model.conversion",
  "model.empty",
  "model.unknown-format",
  "model.truncated",
  "model.corrupt",
  "model.lfs-pointer",
  "model.html",
  "model.external-data",
  "model.contract",
  "model.too-large",
  "model.changed",
  "data.not-found",
  "data.syntax",
  "data.column",
  "data.value",
  "data.empty",
  "smoke.no-golden",
  "smoke.failed",
  "evaluate.subject-changed",
  "evaluate.shards",
  "input.shard",
  "evaluate.no-champion",
  "evaluate.command",
  "evaluate.import",
  "gate.no-evaluation",
  "release.not-found",
  "release.unreadable",
  "evidence.unsigned",
  "evidence.altered",
  "evidence.subject",
  "evidence.certificate",
  "evidence.signer-key",
  "evidence.signer-issuer",
  "evidence.signer-repository",
  "evidence.signer-workflow",
  "evidence.signer-ref",
  "signing.no-oidc",
  "signing.key",
  "signing.passphrase",
  "signing.sigstore",
  "evidence.missing",
  "promote.no-verdict",
  "promote.verdict-failed",
  "promote.verdict-stale",
  "promote.verdict-foreign",
  "promote.digest-mismatch",
  "promote.locked",
  "promote.approval",
  "promote.policy-unknown",
  "rollback.nothing",
  "ledger.broken",
  "bundle.path",
  "bundle.damaged",
  "plan.no-repository",
  "plan.same-name",
  "plan.too-many",
  "plan.history",
  "hand-over.damaged",
  "registry.unreachable",
  "registry.denied",
  "registry.refused",
  "registry.digest",
  "platform.unavailable",
  "platform.not-ready",
  "platform.exited",
  "endpoint.unreachable",
  "endpoint.answer",
  "runtime.pack",
  "github.permission",
  "github.unavailable",
  "github.refused",
  "cancelled",
] as const;

export type ProblemCode = (typeof problemCodes)[number];

/** One thing that is wrong: what, where, and what to do about it. */
export interface Problem {
  code: ProblemCode;
  message: string;
  hint: string;
  at?: Place;
}

/** What the user can mend: configuration, inputs, data, the model file. Shown without a stack. Exit code 2. */
export class UserError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map((p) => p.message).join("\n"));
    this.name = "UserError";
    this.problems = problems;
  }
}

/** What the world did: a registry, an engine, a server or the network failed. Exit code 4. */
export class WorldError extends Error {
  readonly problem: Problem;
  /** Which side failed, e.g. `registry 127.0.0.1:5000` or `staging endpoint`. */
  readonly side: string;
  /** What modelgate was doing, e.g. `uploading a layer`. */
  readonly during: string;
  readonly retryable: boolean;
  /** How long the world asked to be left alone before the next try, in ms; null when it did not say. */
  readonly retryAfter: number | null;
  constructor(
    problem: Problem,
    context: { side: string; during: string; retryable: boolean; retryAfter?: number | null; cause?: unknown },
  ) {
    super(problem.message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = "WorldError";
    this.problem = problem;
    this.side = context.side;
    this.during = context.during;
    this.retryable = context.retryable;
    this.retryAfter = context.retryAfter ?? null;
  }
}

/** The process exit codes, documented in docs/reference/exit-codes.md. */
export const exitCodes = { pass: 0, fail: 1, user: 2, inconclusive: 3, world: 4, bug: 70 } as const;
