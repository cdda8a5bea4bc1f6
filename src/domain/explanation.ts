import { type Digest, short } from "./digest.ts";
import type { Evidence, EvidenceKind } from "./evidence.ts";
import { formatImage, type Image } from "./image.ts";
import { entryDigest, type LedgerEntry } from "./ledger.ts";
import type { Section } from "./outcome.ts";
import type { Problem } from "./problem.ts";
import type { Release } from "./release.ts";
import { distrust, formatSigner, isTrusted, type Stated } from "./stated.ts";
import { isSame, type Verdict } from "./verdict.ts";

/** A statement, its kind and who made it. */
export interface Told extends Stated {
  kind: EvidenceKind;
  by: Evidence["by"];
}

/** All that the registry holds about one image. */
export interface ImageFacts {
  image: Image;
  /** Null when the image cannot be read. */
  release: Release | null;
  /** By kind, newest first. */
  statements: readonly Told[];
  /** The verdicts among them that could be read, newest first. */
  verdicts: readonly (Verdict & { digest: Digest })[];
  /** Why something about it could not be read. */
  problems: readonly Problem[];
}

const mostRows = 100;
const orDash = (text: string | null): string => text ?? "–";

const historyRow = (entry: LedgerEntry): string[] => [
  entry.at,
  entry.act,
  entry.phase,
  short(entry.image.digest),
  entry.actor,
  entry.reason,
  entry.verdict ? short(entry.verdict) : "–",
  orDash(entry.approval),
  orDash(entry.run),
  entry.commit ? entry.commit.slice(0, 12) : "–",
];

const historyColumns = ["when", "act", "phase", "image", "by", "why", "verdict", "approval", "run", "commit"];

/** The history as a table, oldest first; of a long one the newest entries. */
export function historySection(title: string, entries: readonly LedgerEntry[], forked = 0): Section {
  const rows = entries.slice(-mostRows).map(historyRow);
  return {
    title,
    columns: historyColumns,
    rows,
    notes: [
      ...(entries.length > rows.length ? [`${entries.length - rows.length} earlier entries are not shown.`] : []),
      ...(entries.length === 0 ? ["There is none."] : []),
      ...(forked > 0 ? [`Runs wrote at the same time ${forked === 1 ? "once" : `${forked} times`}.`] : []),
    ],
  };
}

/** What the ledgers say of an image or a model. */
export const actsSection = (entries: readonly LedgerEntry[]): Section => {
  const rows = entries.slice(-mostRows).map((entry) => [entry.environment, ...historyRow(entry)]);
  const more = entries.length - rows.length;
  return {
    title: "Where it went",
    columns: ["environment", ...historyColumns],
    rows,
    notes: rows.length === 0 ? ["No ledger names it."] : more > 0 ? [`${more} earlier entries are not shown.`] : [],
  };
};

function formatSignature({ signature }: Stated): string {
  if (signature.status === "unsigned") return "nobody";
  return signature.status === "refused" ? `refused: ${signature.problem.message}` : formatSigner(signature.by);
}

/** Every statement about an image: what it is, who made it and who signed it. */
export const evidenceSection = ({ statements }: ImageFacts): Section => ({
  title: "Evidence",
  columns: ["kind", "digest", "signed by", "when", "made by", "commit", "run"],
  rows: statements.map((told) => [
    told.kind,
    told.digest,
    formatSignature(told),
    told.at,
    told.by.actor,
    orDash(told.by.commit),
    orDash(told.by.run),
  ]),
  notes: statements.length === 0 ? ["There is none."] : [],
});

/** From which commit and run an image was made, as its validation says. */
export function originSection({ statements }: ImageFacts): Section {
  const made = statements.findLast(({ kind }) => kind === "validation");
  const rows: [string, string][] = made
    ? [
        ["commit", orDash(made.by.commit)],
        ["run", orDash(made.by.run)],
        ["by", made.by.actor],
        ["when", made.at],
      ]
    : [];
  return {
    title: "Made from",
    columns: ["", ""],
    rows,
    notes: made ? [] : ["No validation says what it was made from."],
  };
}

/** The newest verdict on an image, and what it rests on. */
export function verdictSection({ verdicts: [newest] }: ImageFacts): Section {
  if (!newest) return { title: "Verdict", columns: ["", ""], rows: [], notes: ["There is none."] };
  const { verdict, digest, at, data, policy, evaluation, champion, checks, reasons } = newest;
  return {
    title: "Verdict",
    columns: ["", ""],
    rows: [
      ["verdict", verdict],
      ["digest", digest],
      ["when", at],
      ["data", `${data.digest}, ${data.rows} rows`],
      ["policy", policy],
      ["evaluation", evaluation],
      ["champion", champion.image ? formatImage(champion.image) : "–"],
      ...checks.map(({ status, text }) => [status, text]),
    ],
    notes: reasons,
  };
}

/** What does not hold, with what to do about it. */
export const breachSection = (breaches: readonly Problem[]): Section => ({
  title: "What does not hold",
  columns: ["problem", "what is wrong", "what to do"],
  rows: breaches.map(({ code, message, hint }) => [code, message, hint]),
  notes: [],
});

const lookInto = "Find out who can write to the registry. Judge and promote the release again to trust it.";

/** What does not hold about an image: what cannot be read, signatures that do not count, verdicts without their evaluation. */
export function imageBreaches(facts: ImageFacts, signed: boolean): Problem[] {
  const { image, statements, verdicts, problems } = facts;
  const unlinked = verdicts.flatMap((verdict): Problem[] => {
    const lost = (message: string): Problem => ({ code: "gate.no-evaluation", message, hint: lookInto });
    const evaluations = statements.filter(({ kind }) => kind === "evaluation");
    return [
      ...(evaluations.some(({ digest }) => digest === verdict.evaluation)
        ? []
        : [lost(`the verdict ${verdict.digest} rests on the evaluation ${verdict.evaluation}, which is not there`)]),
      ...(verdict.subject.image.digest === image.digest
        ? []
        : [lost(`the verdict ${verdict.digest} is about ${formatImage(verdict.subject.image)}`)]),
    ];
  });
  const strangers = statements.filter((told) => !isTrusted(told, signed)).map((told) => distrust(told, told.kind));
  return [...problems, ...strangers, ...unlinked].map((problem) => ({
    ...problem,
    message: `${short(image.digest)}: ${problem.message}`,
  }));
}

/** What does not hold between the entries of a ledger and the evidence that they rest on. */
export function entryBreaches(entries: readonly LedgerEntry[], images: ReadonlyMap<Digest, ImageFacts>): Problem[] {
  const doubts = (entry: LedgerEntry): string | null => {
    if (entry.verdict === null) return entry.act === "promote" ? "rests on no verdict" : null;
    const verdict = images.get(entry.image.digest)?.verdicts.find(({ digest }) => digest === entry.verdict);
    if (!verdict) return `rests on the verdict ${entry.verdict}, which is not there`;
    if (verdict.verdict !== "pass") return `rests on the verdict ${entry.verdict}, which is ${verdict.verdict}`;
    return isSame(verdict.subject, entry) ? null : `rests on the verdict ${entry.verdict}, about another release`;
  };
  return [
    ...entries.flatMap((entry): Problem[] => {
      const doubt = doubts(entry);
      const what = `the ${entry.act} of ${entry.environment} at ${entry.at} (entry ${short(entryDigest(entry))})`;
      return doubt === null ? [] : [{ code: "promote.no-verdict", message: `${what} ${doubt}`, hint: lookInto }];
    }),
    ...spentTwice(entries),
  ];
}

/** Approvals that allowed more than one act. */
function spentTwice(entries: readonly LedgerEntry[]): Problem[] {
  const done = entries.filter(({ phase, approval }) => phase === "done" && approval !== null);
  return done.flatMap(({ approval, at }, index): Problem[] =>
    done.findIndex((other) => other.approval === approval) === index
      ? []
      : [
          {
            code: "ledger.broken",
            message: `the approval ${approval} allowed the act of ${at}, and another one before`,
            hint: lookInto,
          },
        ],
  );
}
