import { formatImage } from "../domain/image.ts";
import { formatTensor } from "../domain/model.ts";
import type { Outcome, Section } from "../domain/outcome.ts";
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

const gates = ({ judgement }: Outcome): Section[] => {
  if (!judgement) return [];
  const rows = judgement.checks.map((check) => [
    check.status,
    check.text,
    formatNumber(check.value, check.unit),
    formatNumber(check.ref, check.unit),
    check.lower === null && check.upper === null
      ? ""
      : `${formatNumber(check.lower, check.unit)} to ${formatNumber(check.upper, check.unit)}`,
    check.n === null ? "" : String(check.n),
  ]);
  const notes = judgement.checks
    .filter((check) => check.status !== "pass")
    .map((check) => `${check.text}: ${check.sentence}`);
  return [{ title: "Gates", columns: ["", "gate", "value", "champion", "bounds", "n"], rows, notes }];
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

const slices = ({ judgement }: Outcome): Section[] =>
  (judgement?.checks ?? []).flatMap(({ text, unit, slices: found }): Section[] => {
    if (!found) return [];
    const judged = found.judged.map((slice) => [
      slice.status,
      slice.name,
      formatNumber(slice.value, unit),
      formatNumber(slice.ref, unit),
      slice.lower === null && slice.upper === null
        ? ""
        : `${formatNumber(slice.lower, unit)} to ${formatNumber(slice.upper, unit)}`,
      slice.n === null ? "" : String(slice.n),
    ]);
    const small = found.small.map(({ name, n }) => ["not judged", name, "", "", "", String(n)]);
    return [
      {
        title: `Slices: ${text}`,
        columns: ["", "slice", "value", "champion", "bounds", "n"],
        rows: [...judged, ...small],
        notes: [],
      },
    ];
  });

const smoke = ({ smoke: report }: Outcome): Section[] =>
  report
    ? [
        {
          title: "Smoke test",
          columns: ["", "step", "what it saw"],
          rows: report.steps.map((s) => [s.ok ? "pass" : s.level === "required" ? "fail" : "warn", s.id, s.detail]),
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
    ...flips(outcome),
    ...smoke(outcome),
    ...outcome.sections,
    facts(outcome),
    ...trail(outcome),
  ].filter((s) => s.rows.length > 0 || s.notes.length > 0);
