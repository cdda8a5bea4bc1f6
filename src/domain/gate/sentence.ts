import { metricNamed } from "../metrics/index.ts";
import type { Unit } from "../metrics/metric.ts";
import { settling } from "./needs.ts";
import { grouped, percent, writer } from "./numbers.ts";
import type { Operator, ParsedCheck } from "./parse.ts";
import { type Finding, isRatio, reasons, type Slices } from "./result.ts";
import { holds, lowIsBad } from "./rule.ts";

const asked: Readonly<Record<Operator, string>> = {
  ">=": "at least",
  "<=": "at most",
  ">": "more than",
  "<": "less than",
};

/** The metric as the check names it: `recall(class=fraud)`, `latency.p99`. */
function nameOf({ metric, args, stat, against }: ParsedCheck): string {
  const list = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  return `${metric}${list.length > 0 ? `(${list.join(", ")})` : ""}${stat === null ? "" : `.${stat}`}${against === null ? "" : ` against ${against}`}`;
}

/** The end of the confident range that decides: what a pass rests on, and what a failure is seen from. */
function decidingBound(finding: Finding, op: Operator): { name: "lower" | "upper"; value: number | null } {
  const good = lowIsBad(op) ? "lower" : "upper";
  const bad = good === "lower" ? "upper" : "lower";
  const name = finding.status === "fail" ? bad : good;
  return { name, value: finding[name] };
}

/** Writers of the estimate and of a bound of it beside what was asked: a ratio has no unit, and a difference signs. */
function writersOf(finding: Finding, { right }: ParsedCheck, unit: Unit, end: number | null) {
  const ratio = isRatio(finding);
  const [shown, difference] = [ratio ? "score" : unit, right.kind === "ref" && !ratio] as const;
  const of = (value: number | null) => writer(shown, [value, finding.bound], difference);
  return { write: of(finding.estimate), writeBound: of(end) };
}

/** `difference -0.8 pp, 95 % lower bound -2.4 pp` */
function seen(finding: Finding, check: ParsedCheck, unit: Unit): string {
  const { right, confidence } = check;
  const bound = decidingBound(finding, check.op);
  const { write, writeBound } = writersOf(finding, check, unit, bound.value);
  const what =
    right.kind === "value"
      ? nameOf(check)
      : isRatio(finding)
        ? `ratio to ${right.ref}`
        : right.mul === 1
          ? "difference"
          : `difference to ${Number(right.mul.toPrecision(9))} x ${right.ref}`;
  const values = finding.estimate === null ? "" : `${what} ${write(finding.estimate)}`;
  if (confidence === null || finding.method === null) return values;
  if (bound.value === null || !Number.isFinite(bound.value))
    return `${values}, no ${percent(confidence)} ${bound.name} bound from so few`;
  return `${values}, ${percent(confidence)} ${bound.name} bound ${writeBound(bound.value)}`;
}

/** `; asked: at least 90.0 %` */
function wanted(finding: Finding, check: ParsedCheck, unit: Unit): string {
  const { write } = writersOf(finding, check, unit, null);
  return finding.bound === null ? "" : `; asked: ${asked[check.op]} ${write(finding.bound)}`;
}

/** `1 pp`, `0.01`: a margin as it would be said. */
function margin(size: number, unit: Unit): string {
  if (unit === "ratio") return `${Number((size * 100).toPrecision(9))} pp`;
  if (unit === "bytes") return `${Number((size / 1e6).toPrecision(9))} MB`;
  return `${Number(size.toPrecision(9))}${unit === "ms" ? " ms" : ""}`;
}

/** What n counts. */
const nounOf = ({ rows }: Finding, { metric }: ParsedCheck): string =>
  rows !== null ? "groups" : metricNamed(metric)?.kind === "run" ? "requests" : "rows";

/** What would settle an inconclusive finding. */
function settle(finding: Finding, check: ParsedCheck, unit: Unit): string {
  const { needsN, discordant, method, n } = finding;
  if (needsN === null)
    return "The estimate lies so near the bound that no number of rows can be given that would settle it.";
  const size = `about ${grouped(needsN)} ${nounOf(finding, check)} (80 % power)`;
  const equal = settling(finding, check)?.assumed === "equal";
  if (!equal || check.right.kind !== "ref") {
    const good = holds(check.op, finding.estimate ?? Number.NaN, finding.bound ?? Number.NaN);
    return `If the truth is as seen, ${size} would show that it ${good ? "holds" : "does not hold"}.`;
  }
  const spread =
    method === "tango" && discordant && n
      ? `discordance (${(((discordant[0] + discordant[1]) / n) * 100).toFixed(1)} %)`
      : "spread";
  const { mul, off } = check.right;
  const allowance = Math.abs(mul === 1 ? off : (1 - mul) * (finding.ref ?? 0));
  return `To show no more than ${margin(Number(allowance.toPrecision(4)), unit)} loss at the seen ${spread} needs ${size}.`;
}

/** What a person reads about one comparison. */
export function sentenceOf(finding: Finding, check: ParsedCheck, unit: Unit | null): string {
  const { status, reason, n } = finding;
  const groups = finding.rows === null ? "" : ` groups (${grouped(finding.rows)} rows)`;
  const count = n === null ? "" : `n = ${grouped(n)}${groups}: `;
  const why = reason === null ? "" : (reasons[reason] ?? reason);
  if (unit === null || (n === null && finding.estimate === null)) return `${count}${why}.`;
  const facts = seen(finding, check, unit);
  if (reason === "min_n") {
    const few = finding.rows === null ? why : why.replace("rows", "groups of rows");
    return `${count}${facts ? `${facts}; ` : ""}${few}: at least ${grouped(finding.needsN ?? 1)} must count.`;
  }
  if (reason !== null) return `${count}${facts ? `${facts}; ` : ""}${why}.`;
  if (status === "inconclusive") return `${count}${facts}. ${settle(finding, check, unit)}`;
  return `${count}${facts}${wanted(finding, check, unit)}.`;
}

const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");

/** What a person reads about a check judged slice by slice. */
export function slicesSentence(finding: Finding, { judged, small }: Slices, check: ParsedCheck, unit: Unit): string {
  const left =
    small.length === 0
      ? ""
      : ` Too small to be judged: ${listed(small.map(({ name, n }) => `${name} (${grouped(n)})`))}.`;
  const of = (status: string) => judged.filter((slice) => slice.status === status);
  if (judged.length === 0) return `No slice has enough rows to be judged.${left}`;
  const detail = (slices: readonly (typeof judged)[number][]) =>
    slices
      .slice(0, 5)
      .map((slice) => `${slice.name}: ${sentenceOf({ ...finding, ...slice }, check, unit)}`)
      .join(" ");
  if (finding.status === "pass") return `All ${judged.length} slices pass.${left}`;
  const failed = judged.filter((slice) => slice.failed);
  if (failed.length > 0) return `${failed.length} of ${judged.length} slices fail. ${detail(failed)}${left}`;
  const open = [...of("error"), ...of("fail"), ...of("inconclusive")];
  const alone = of("fail").length > 0 ? " A failure alone is not sure after correction for the number of slices." : "";
  return `${of("pass").length} of ${judged.length} slices pass.${alone} Open: ${detail(open)}${left}`;
}
