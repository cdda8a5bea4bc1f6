import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { type Problem, UserError } from "../domain/problem.ts";
import { keyOf } from "./allowed.ts";
import { Positions } from "./positions.ts";

/** A YAML document as plain values, and where everything stands in it. */
export interface Yaml {
  value: unknown;
  positions: Positions;
  /** What is readable and still wrong: repeated keys, tags, keys that are no names. */
  problems: Problem[];
}

const textLimit = 2 ** 20;
const aliasLimit = 50;

const quote = 'Put a text in quotes when it has brackets, braces, "#" or ": " in it, such as "float32[-1,64]".';

/** YAML's error codes in words: what is wrong, and what to do. */
const inWords: Partial<Record<YAMLError["code"], readonly [string | null, string]>> = {
  BAD_INDENT: ["this line's indentation fits nothing above it", "Indent keys that belong together alike, with spaces."],
  TAB_AS_INDENT: ["a tab indents this line", "Indent with spaces."],
  BLOCK_AS_IMPLICIT_KEY: ['a second ": " stands on this line', quote],
  MULTILINE_IMPLICIT_KEY: ["a key is expected here, and no colon follows it", 'Write "key: value".'],
  MISSING_CHAR: [null, "Close what is open: a quote, a bracket or a brace; a key ends in a colon."],
  MULTIPLE_DOCS: [
    "a second document begins here",
    "Keep one configuration to a file; several models have several files.",
  ],
  BAD_SCALAR_START: [null, quote],
  BAD_DQ_ESCAPE: [null, "Use single quotes: they keep backslashes as they are."],
  UNEXPECTED_TOKEN: ["the text before this does not go on like this", quote],
};

const syntax = (message: string, hint: string, at: Problem["at"]): Problem => ({
  code: "config.syntax",
  message,
  hint,
  ...(at && { at }),
});

/** Refuses what is no configuration before anything is parsed. */
function refuseForeign(text: string, file: string): void {
  if (text.length > textLimit)
    throw new UserError([
      syntax(
        `${file} has ${text.length} characters, and a configuration has at most ${textLimit}`,
        "Name the file that has the configuration.",
        { file, line: 1, column: 1 },
      ),
    ]);
  // Bytes that are not UTF-8 were read as U+FFFD.
  // oxlint-disable-next-line no-control-regex
  const offset = text.search(/[\0-\x08\x0B\x0C\x0E-\x1F\x7F\uFFFD]/);
  if (offset < 0) return;
  const before = text.slice(0, offset).split("\n");
  throw new UserError([
    syntax(`${file} is not UTF-8 text`, "Save it as UTF-8, without control characters.", {
      file,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
    }),
  ]);
}

/** The first syntax error only: those behind it are mostly its consequences. */
function syntaxProblem(errors: readonly YAMLError[], file: string, positions: Positions): Problem {
  const [first] = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (!first || /call stack|stack overflow/i.test(first.message)) throw new RangeError("nested too deeply");
  const [what, hint] = inWords[first.code] ?? [
    null,
    "Look at this line and the one above: indentation, quotes, colons.",
  ];
  return syntax(`${file} is not sound YAML: ${what ?? first.message}`, hint, { file, ...positions.at(first.pos[0]) });
}

interface Found {
  problems: Problem[];
  file: string;
  positions: Positions;
  document: Document;
}

function inspectMap(map: YAMLMap, path: readonly PropertyKey[], found: Found): void {
  const { problems, file, positions } = found;
  const seen = new Set<string>();
  for (const { key, value } of map.items) {
    if (!isScalar(key)) {
      problems.push(syntax("a key is no text", "Write a name before the colon.", { file, ...positions.of(key) }));
      continue;
    }
    const name = String(key.value);
    const full = [...path, name];
    const at = { file, ...positions.of(key), key: keyOf(full) };
    if (seen.has(name)) problems.push(syntax(`${keyOf(full)} stands twice`, "Keep one of them.", at));
    // Objects drop this name where they are copied: what stands under it would be lost without a word.
    if (name === "__proto__")
      problems.push({
        code: "config.unknown-key",
        message: `${keyOf(full)} can be no key`,
        hint: "Use another name.",
        at,
      });
    seen.add(name);
    inspect(value, full, found);
  }
}

/** Collects what the parser lets through and a configuration must not have. */
function inspect(node: unknown, path: readonly PropertyKey[], found: Found): void {
  const { problems, file, positions, document } = found;
  const at = { file, ...positions.of(node), ...(path.length > 0 && { key: keyOf(path) }) };
  if (isAlias(node)) {
    if (node.resolve(document) === undefined)
      problems.push(
        syntax(
          `no anchor &${node.source} stands before *${node.source}`,
          'Put a text that begins with "*" in quotes.',
          at,
        ),
      );
    return;
  }
  if ((isMap(node) || isSeq(node) || isScalar(node)) && node.tag !== undefined)
    problems.push(
      syntax(
        `${node.tag.replace("tag:yaml.org,2002:", "!!")} is a YAML tag`,
        'Leave it away; put a text that begins with "!" in quotes.',
        at,
      ),
    );
  if (isMap(node)) inspectMap(node, path, found);
  if (isSeq(node)) for (const [index, item] of node.items.entries()) inspect(item, [...path, index], found);
}

function read(text: string, file: string): Yaml {
  const lines = new LineCounter();
  // Repeated keys are looked for below: the library's own search takes minutes for many keys.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "error",
  });
  const positions = new Positions(document, lines, text);
  if (document.errors.length > 0) throw new UserError([syntaxProblem(document.errors, file, positions)]);
  const problems: Problem[] = [];
  inspect(document.contents, [], { problems, file, positions, document });
  if (problems.some(({ code }) => code === "config.syntax")) throw new UserError(problems);
  return { value: document.toJS({ maxAliasCount: aliasLimit }), positions, problems };
}

/** Parses a configuration's YAML. @throws UserError `config.syntax` with what keeps it from being read. */
export function readYaml(text: string, file: string): Yaml {
  refuseForeign(text, file);
  const start = { file, line: 1, column: 1 };
  try {
    return read(text, file);
  } catch (error) {
    if (error instanceof RangeError)
      throw new UserError([
        syntax(`${file} is nested too deeply`, "A configuration is at most five levels deep.", start),
      ]);
    if (error instanceof ReferenceError)
      throw new UserError([
        syntax(`${file} repeats too much by aliases`, `Use at most ${aliasLimit}; write repeated parts out.`, start),
      ]);
    throw error;
  }
}
