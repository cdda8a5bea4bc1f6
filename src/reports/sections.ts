import { type CheckResult, type ComparisonResult, isRatio } from "../domain/gate/result.ts";
import { formatImage } from "../domain/image.ts";
import { metricNamed } from "../domain/metrics/index.ts";
import { formatTensor } from "../domain/model.ts";
import type { Outcome, Section } from "../domain/outcome.ts";
import type { SmokeStep } from "../domain/smoke.ts";
import { formatBytes, formatNumber } from "./numbers.ts";

/** The word a verdict is shown as. */
export const verdictWord = (outcome: Outcome): string =>
  outcome.verdict === "none" ? "DONE" : outcome.verdict.toUpperCase();

const facts = (outcome: Outcome): Section => {
  const { model, image, previousImage, environment, url } = outcome;
  const rows: [string, string | null][] = [
    ["environment", environment],
    ["image", image && formatImage(image)],
    ["model", model && `${model.name}, ${model.format}, ${formatBytes(model.bytes)}, ${model.digest}`],
    ["inputs", model && model.inputs.map((spec) => `${spec.name}: ${formatTensor(spec)}`).join(", ")],
    ["outputs", model && model.outputs.map((spec) => `${spec.name}: ${formatTensor(spec)}`).join(", ")],
    ["address", url],
    ["before", previousImage && formatImage(previousImage)],
  ];
  return {
    title: "Release",
    columns: ["", ""],
    rows: rows.filter((row): row is [string, string] => row[1] !== null),
    notes: outcome.notes,
  };
};

type Numbers = Pick<ComparisonResult, "value" | "ref" | "lower" | "upper" | "n"> & { method?: string | null };

/** The cells of a comparison: value, the reference's value, bounds, n. */
const numbers = (found: Numbers, unit: ComparisonResult["unit"]): string[] => {
  const { value, ref, lower, upper, n, method = null } = found;
  const ratio = isRatio({ method });
  const end = (bound: number | null): string => formatNumber(bound, ratio ? "score" : unit);
  return [
    formatNumber(value, unit),
    formatNumber(ref, unit),
    lower === null && upper === null ? "" : `${ratio ? "ratio " : ""}${end(lower)} to ${end(upper)}`,
    n === null ? "" : String(n),
  ];
};

/** All that was compared: the members of an `any_of` each by itself. */
const comparisons = ({ judgement }: Outcome): readonly ComparisonResult[] =>
  (judgement?.checks ?? []).flatMap((check: CheckResult) => check.members ?? [check]);

/** Signatures of metrics that go by one name with many definitions. */
function signatures(outcome: Outcome): string[] {
  const written = comparisons(outcome).flatMap(({ text }) => {
    const [name = ""] = /^\w+/.exec(text) ?? [];
    const metric = metricNamed(name, "generation");
    return metric?.kind === "rows" && metric.signature ? [`${name}: ${metric.signature}`] : [];
  });
  return [...new Set(written)];
}

const gates = (outcome: Outcome): Section[] => {
  const { judgement } = outcome;
  if (!judgement) return [];
  const rows = judgement.checks.flatMap((check) => [
    [check.status, `${check.text}${check.severity === "advisory" ? " (advisory)" : ""}`, ...numbers(check, check.unit)],
    ...(check.members ?? []).map((member) => [member.status, `· ${member.text}`, ...numbers(member, member.unit)]),
  ]);
  const notes = judgement.checks
    .filter((check) => check.status !== "pass")
    .map((check) => `${check.text}: ${check.sentence}`);
  return [
    {
      title: "Gates",
      columns: ["", "gate", "value", "reference", "bounds", "n"],
      rows,
      notes: [...notes, ...signatures(outcome)],
    },
  ];
};

/** How the policy in force lies to the protected branch's. Nothing to say where they are the same. */
const policy = ({ judgement }: Outcome): Section[] => {
  const baseline = judgement?.baseline;
  if (!baseline || baseline.relation === "equal") return [];
  const { branch, relation, verdict, findings } = baseline;
  const rows = findings.map((finding) => {
    const at = finding.indexOf(": ");
    return [finding.slice(0, at), finding.slice(at + 2)];
  });
  const agreement = relation === "tighter" ? "" : " A promotion needs somebody to agree.";
  const notes = [
    `Against the policy of ${branch} this one is ${relation}; under that one the verdict is ${verdict}.${agreement}`,
  ];
  return [{ title: "Policy", columns: ["", `against ${branch}`], rows, notes }];
};

/** Among many slices: which fall short when one false finding in twenty, say, is put up with. It decides nothing. */
function discoveries({ confidence, slices: found }: ComparisonResult): string[] {
  if (confidence === null || !found?.judged.some(({ discovered }) => discovered !== null)) return [];
  const alpha = 1 - confidence;
  const names = found.judged.flatMap(({ name, discovered }) =>
    discovered !== null && discovered <= alpha ? [name] : [],
  );
  const rate = `${Number((alpha * 100).toPrecision(3))} %`;
  return [
    `Short of the bound, with at most ${rate} false findings among those named (Benjamini and Hochberg): ${names.join(", ") || "none"}. It decides nothing.`,
  ];
}

const slices = (outcome: Outcome): Section[] =>
  comparisons(outcome).flatMap((comparison): Section[] => {
    const { text, unit, slices: found } = comparison;
    if (!found) return [];
    const judged = found.judged.map((slice) => [slice.status, slice.name, ...numbers(slice, unit)]);
    const small = found.small.map(({ name, n }) => ["not judged", name, "", "", "", String(n)]);
    if (found.pooled) {
      const { n, value, ref } = found.pooled;
      small.push(["not judged", "these together", ...numbers({ value, ref, n, lower: null, upper: null }, unit)]);
    }
    return [
      {
        title: `Slices: ${text}`,
        columns: ["", "slice", "value", "reference", "bounds", "n"],
        rows: [...judged, ...small],
        notes: discoveries(comparison),
      },
    ];
  });

const stepMark = ({ ok, level }: SmokeStep): string =>
  ok ? "pass" : { required: "fail", advisory: "warn", skipped: "skip" }[level];

/** Tests of whether the candidate is better. They decide nothing, so they stand apart from the gates. */
const tests = (outcome: Outcome): Section[] => {
  const rows = comparisons(outcome).flatMap(({ text, tests: found }) =>
    found.map(({ name, p }) => [text, name, p < 0.0001 ? "< 0.0001" : String(Number(p.toPrecision(3)))]),
  );
  const note =
    "p: the chance of an advantage at least as large as seen if both models were equally good. It decides nothing.";
  return rows.length > 0
    ? [{ title: "Is it better than the reference?", columns: ["gate", "test", "p"], rows, notes: [note] }]
    : [];
};

const smoke = ({ smoke: report }: Outcome): Section[] =>
  report
    ? [
        {
          title: "Smoke test",
          columns: ["", "step", "what it saw"],
          rows: report.steps.map((s) => [stepMark(s), s.id, s.detail]),
          notes: [],
        },
      ]
    : [];

const flips = ({ flips: found }: Outcome): Section[] =>
  found && found.count > 0
    ? [
        {
          title: found.rows.some((flip) => flip.champion !== null) ? "Rows that flipped" : "Rows served wrongly",
          columns: ["row", "label", "served candidate", "champion"],
          rows: found.rows.map((flip) => [flip.id, flip.label, flip.candidate, flip.champion ?? ""]),
          notes:
            found.count > found.rows.length ? [`${found.count} rows in all; predictions.jsonl has every one.`] : [],
        },
      ]
    : [];

const trail = ({ evidence, files }: Outcome): Section[] => {
  const rows = [...evidence.map(({ kind, digest }) => [kind, digest]), ...Object.entries(files)];
  return rows.length > 0 ? [{ title: "Evidence and files", columns: ["", ""], rows, notes: [] }] : [];
};

/** All parts of an outcome's report, in the order a reader needs them: what failed first. */
export const sections = (outcome: Outcome): Section[] =>
  [
    ...gates(outcome),
    ...policy(outcome),
    ...slices(outcome),
    ...tests(outcome),
    ...flips(outcome),
    ...smoke(outcome),
    ...outcome.sections,
    facts(outcome),
    ...trail(outcome),
  ].filter((s) => s.rows.length > 0 || s.notes.length > 0);
