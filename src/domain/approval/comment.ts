/** A comment below an approval request, as the API gives it. */
export interface Comment {
  id: number;
  /** Empty when the account is gone. */
  login: string;
  /** Whether an app or a bot account wrote it. */
  bot: boolean;
  body: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  updatedAt: string;
}

/** What a comment says about the request; null when it is only conversation. */
export type Said =
  | { word: "approve"; hash: string }
  | { word: "reject" }
  /** A command that nobody who reads the comment would see as one. */
  | { word: "unclear"; why: string }
  | null;

const fence = /^ {0,3}(`{3,}|~{3,})/;
const hiddenFence = /(`{3,}|~{3,})/;
const html = /<[a-z!/?]/i;
const command = /^\/(approve|reject)(?![\w/-])[ \t]*(.*?)[ \t]*$/;
const mentioned = /(?<![\w/-])\/(approve|reject)(?![\w/-])/;

/** What a line stands in: only a line that is plainly a paragraph's own counts. */
interface Surroundings {
  /** The fence of the code block that is open. */
  fence: string | null;
  /** The lines of this paragraph so far: a quote or a code span may go on over them. */
  paragraph: readonly string[];
  /** Something above whose end cannot be told without a whole Markdown parser. */
  unsure: boolean;
}

/**
 * Reads the command in a comment. It must begin its line and stand in no quote, code block, code span or HTML; where that cannot be told the
 * command does not count, for it is easily written again.
 */
export function readComment(body: string): Said {
  const found: Said[] = [];
  let around: Surroundings = { fence: null, paragraph: [], unsure: false };
  for (const line of body.split(/\r\n|\n|\r/)) {
    if (mentioned.test(line)) found.push(readLine(line, around));
    around = after(line, around);
  }
  return decided(found);
}

function readLine(line: string, { fence: open, paragraph, unsure }: Surroundings): Said {
  const unclear = (why: string): Said => ({ word: "unclear", why });
  if (open !== null) return unclear("it stands in a code block");
  if (unsure) return unclear("HTML or a nested code block stands above it");
  if (/^\s*>/.test(line)) return unclear("it stands in a quote");
  if (paragraph.some((above) => /[>`]/.test(above)))
    return unclear("a quote or code goes on over it: leave a line empty");
  const [, word, rest] = command.exec(line) ?? [];
  if (word === "reject" && rest === "") return { word: "reject" };
  if (word === "approve") return { word: "approve", hash: rest! };
  return unclear("it is not on a line of its own");
}

function after(line: string, { fence: open, paragraph, unsure }: Surroundings): Surroundings {
  const mark = fence.exec(line)?.[1];
  if (open !== null) {
    const closes =
      mark !== undefined && mark[0] === open[0] && mark.length >= open.length && /^ {0,3}\S+\s*$/.test(line);
    return { fence: closes ? null : open, paragraph: [], unsure };
  }
  if (mark !== undefined) return { fence: mark, paragraph: [], unsure };
  return {
    fence: null,
    paragraph: line.trim() === "" ? [] : [...paragraph, line],
    unsure: unsure || html.test(line) || hiddenFence.test(line),
  };
}

/** A rejection is never read away. Of approvals only plain ones count, and they must be of one hash. */
function decided(found: readonly Said[]): Said {
  if (found.some((said) => said?.word === "reject")) return { word: "reject" };
  const plain = found.filter((said) => said?.word === "approve");
  if (new Set(plain.map(({ hash }) => hash)).size > 1) return { word: "unclear", why: "it names more than one hash" };
  return plain[0] ?? found[0] ?? null;
}
