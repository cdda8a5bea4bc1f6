/** What modelgate can be asked to do, with a sentence each: the help text, action.yml and the docs are made from it. */
export const commands = {
  plan: "Tell which models of the repository changed (--since a ref), as the legs of a workflow",
  validate: "Check the model file: format, structure, contract; nothing is executed",
  package: "Make a container image with the model and push it; prints the digest",
  deploy: "Run an image in an environment and wait until it is ready",
  smoke: "Check the deployed image with golden and bad requests (--record writes golden requests)",
  evaluate:
    "Measure the deployed image on labelled data, beside the release in production, and under load (--shard 3/7: a part)",
  gate: "Judge the evaluation of an image by the gates of the configuration",
  run: "validate, package, deploy to staging, smoke, evaluate and gate",
  verify: "Check all that a promotion of an image rests on: signatures, verdict, policy, data, evidence",
  promote: "Deploy an image with a passing verdict to production, by digest, and read it back",
  bundle: "Write an image with all its evidence to a folder, for a room without a network (--bundle)",
  "verify-gate": "Try the gates on results that are known to be bad: a gate that lets them pass is named",
  replay: "Judge the rows stored with an image by other gates (--policy); nothing is attached",
  rollback: "Put the previous verified release back",
  explain:
    "Tell who released what, why and on which evidence: explain <digest | environment> (--verify checks all of it)",
  status: "Ask the platform what an environment runs, and whether the ledger agrees",
  remove: "Stop what an environment runs (--environment is required)",
  collect: "Make one result of what each planned model came to in this run (--models)",
} as const;

export type CommandName = keyof typeof commands;

/** Commands about the repository: they have no configuration of their own. */
const aboutRepository = ["plan", "collect"] as const;

export type RepositoryCommand = (typeof aboutRepository)[number];
export type ModelCommand = Exclude<CommandName, RepositoryCommand>;

export const isRepositoryCommand = (name: CommandName): name is RepositoryCommand =>
  (aboutRepository as readonly string[]).includes(name);

/** Where a command looks for its configuration unless it is told. */
export const usualConfig = (command: CommandName): string =>
  isRepositoryCommand(command) ? "**/modelgate.yml" : "modelgate.yml";

export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);

/** One call of modelgate, from an Action step or a terminal. */
export interface Request {
  command: CommandName;
  /** Path of modelgate.yml; for `plan` patterns, with commas or lines between them. */
  config: string;
  /** `repository@sha256:…`; null: what the staging environment runs. */
  image: string | null;
  /** Name of an environment; null: the command's own default. */
  environment: string | null;
  /** Why, for the ledger. */
  reason: string;
  /** `smoke` only: write golden requests instead of checking them. */
  record: boolean;
  /** What a command is about, where it is named in words: a digest or an environment for `explain`. */
  subject: string | null;
  /** `explain`: also check every signature and every link of the history. */
  verify: boolean;
  /** An OCI layout made by `bundle`: what `bundle` writes and `verify` and `deploy` read. */
  bundle: string | null;
  /** `replay`: the configuration whose gates judge the stored rows. */
  policy: string | null;
  /** `evaluate`: the part of the rows to ask, `3/7`, or `all` to put the parts together; null: all rows at once. */
  shard: string | null;
  /** `plan` on a terminal: the ref to compare the working folder with; null: all models. */
  since: string | null;
  /** `collect`: what `plan` planned, the JSON of its output `models`. */
  models: string | null;
  /** `collect`: how the jobs before it ended, the JSON of GitHub's context `needs`. */
  jobs: string | null;
}
