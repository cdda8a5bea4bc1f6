import { parseArgs } from "node:util";
import { UserError } from "../domain/problem.ts";
import { type CommandName, commands, isCommand, type Request, usualConfig } from "../domain/request.ts";

const options = {
  config: { type: "string", short: "c" },
  image: { type: "string" },
  environment: { type: "string", short: "e" },
  reason: { type: "string", short: "m" },
  record: { type: "boolean" },
  verify: { type: "boolean" },
  bundle: { type: "string" },
  policy: { type: "string" },
  shard: { type: "string" },
  since: { type: "string" },
  models: { type: "string" },
  jobs: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/** What the words of a command line ask for. */
export type Asked = { kind: "help" } | { kind: "version" } | { kind: "request"; request: Request; json: boolean };

/** The help text of the terminal. */
export const helpText = (
  version: string,
): string => `modelgate ${version}: releases a model as one digest, from a file to production

  modelgate <command> [--config modelgate.yml] [--image repository@sha256:…] [--environment name] [--json]

${Object.entries(commands)
  .map(([name, sentence]) => `  ${name.padEnd(13)}${sentence}`)
  .join("\n")}

  -c, --config       the configuration (default modelgate.yml)
      --image        an image by digest (default: what staging runs; verify, promote and replay: what passed last)
  -e, --environment  deploy, smoke, evaluate: staging by default; promote, rollback: production by default
  -m, --reason       why, kept in the ledger by promote and rollback
      --record       smoke: write golden requests from what staging answers
      --bundle       bundle: the folder to write; verify, deploy: the folder to read
      --policy       replay: the configuration whose gates judge
      --verify       explain: also check every signature and every entry of the history
      --shard        evaluate: a part of the rows to ask, such as 3/7; all puts the parts together
      --since        plan: the branch, tag or commit to compare the working folder with
      --models       collect: what plan planned, as JSON; --jobs: how the jobs of the run ended, as JSON
      --json         print the outcome as JSON on standard output
  -v, --version

Exit codes: 0 pass, 1 the gate said fail, 2 your configuration or input, 3 inconclusive, 4 the world failed, 70 a bug of ours`;

/** Options that only some commands take: on any other they would do nothing, and that is not what was meant. */
const only: Readonly<Record<string, readonly CommandName[]>> = {
  record: ["smoke"],
  verify: ["explain"],
  bundle: ["bundle", "verify", "deploy"],
  policy: ["replay"],
  shard: ["evaluate"],
  since: ["plan"],
  models: ["collect", "gate"],
  jobs: ["collect"],
};

/** Commands that are told what they are about in a word of its own. */
const takesSubject = new Set<string>(["explain"]);

const wrong = (message: string): UserError =>
  new UserError([
    {
      code: "input.unknown-command",
      message,
      hint: `The commands are ${Object.keys(commands).join(", ")}; modelgate --help shows all options.`,
    },
  ]);

/**
 * Reads a command line (without the program's name).
 * @throws UserError `input.unknown-command` for unknown commands and options.
 */
export function readArguments(words: readonly string[]): Asked {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true; args: string[] }>>;
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw wrong(error instanceof Error ? error.message.split(". ")[0]! : String(error));
  }
  const { values, positionals } = parsed;
  if (values.version) return { kind: "version" };
  if (values.help || positionals.length === 0) return { kind: "help" };
  const [command, ...named] = positionals;
  if (!isCommand(command!)) throw wrong(`"${command}" is not a command`);
  const misplaced = Object.keys(values).find((name) => Object.hasOwn(only, name) && !only[name]!.includes(command));
  if (misplaced) throw wrong(`--${misplaced} is for ${only[misplaced]!.join(", ")}, and not for ${command}`);
  const [subject, ...rest] = takesSubject.has(command) ? named : [undefined, ...named];
  if (rest.length > 0) throw wrong(`"${rest.join(" ")}" is too much after "${command}"`);
  return {
    kind: "request",
    json: values.json ?? false,
    request: {
      command,
      config: values.config ?? usualConfig(command!),
      image: values.image ?? null,
      environment: values.environment ?? null,
      reason: values.reason ?? "",
      record: values.record ?? false,
      subject: subject ?? null,
      verify: values.verify ?? false,
      bundle: values.bundle ?? null,
      policy: values.policy ?? null,
      shard: values.shard ?? null,
      since: values.since ?? null,
      models: values.models ?? null,
      jobs: values.jobs ?? null,
    },
  };
}
