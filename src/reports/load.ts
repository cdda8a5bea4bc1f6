import { reasons } from "../domain/gate/result.ts";
import { metricNamed } from "../domain/metrics/index.ts";
import { latencyOf, shareOf } from "../domain/metrics/load.ts";
import { isUndefined } from "../domain/metrics/metric.ts";
import type { LoadRun, Observations } from "../domain/observations/observations.ts";
import type { Section } from "../domain/section.ts";
import { quantileRanks } from "../domain/statistics/intervals.ts";
import { loadSummary } from "../domain/statistics/load-numbers.ts";
import { hodgesLehmann } from "../domain/statistics/two-sample.ts";
import { formatNumber } from "./numbers.ts";

const shown = [
  ...[
    "latency.p50",
    "latency.p95",
    "latency.p99",
    "ttft.p50",
    "ttft.p95",
    "tpot.p50",
    "tpot.p95",
    "itl.p50",
    "itl.p99",
  ],
  ...["error_rate", "throughput", "goodput"],
];

/** `12.1 ms (11.8 ms to 12.9 ms)`: a percentile with its 95 % interval of order statistics, where there are enough requests for one. */
function interval(sorted: Float64Array, share: number): string {
  const { lower, upper } = quantileRanks(sorted.length, share, 0.975);
  if (lower === null || upper === null) return " (n too small for an interval)";
  return ` (${formatNumber(sorted[lower - 1]!, "ms")} to ${formatNumber(sorted[upper - 1]!, "ms")})`;
}

/** A metric of a run; empty where it has no value there. */
function cell(name: string, run: LoadRun): string {
  const [metricName = "", stat = null] = name.split(".");
  const metric = metricNamed(metricName);
  if (metric?.kind !== "run") return "";
  const value = metric.compute(run, stat);
  if (isUndefined(value)) return "";
  const share = stat === null ? null : shareOf(stat);
  const times = metric.bound.kind === "latency" && share !== null ? run.events.flatMap(metric.bound.timesOf) : null;
  const sorted = times && Float64Array.from(times).filter(Number.isFinite).toSorted();
  return `${formatNumber(value, metric.unit)}${sorted && share !== null ? interval(sorted, share) : ""}`;
}

const pace = ({ profile, ratePerSecond }: LoadRun): string =>
  ratePerSecond === null ? profile : `${profile}, ${formatNumber(ratePerSecond, "per second")}`;

function rowsOf(runs: readonly LoadRun[]): string[][] {
  const summaries = runs.map((run) =>
    run.events.length > 0 ? loadSummary(run.events, Number.POSITIVE_INFINITY) : null,
  );
  const of = (label: string, cells: readonly string[]): string[][] =>
    cells.some((text) => text !== "") ? [[label, ...cells]] : [];
  const ms = (value: number | null | undefined): string =>
    value == null || !Number.isFinite(value) ? "" : formatNumber(value, "ms");
  return [
    ["profile", ...runs.map(pace)],
    ["requests", ...runs.map(({ events }) => String(events.length))],
    ...shown.flatMap((name) =>
      of(
        name,
        runs.map((run) => cell(name, run)),
      ),
    ),
    ...of(
      "service time p99 (from the actual send)",
      summaries.map((summary) => ms(summary?.serviceP99)),
    ),
    ...of(
      "generator's lag p99",
      summaries.map((summary) => ms(summary?.lagP99)),
    ),
    ...of(
      "network floor",
      runs.map(({ floor }) => ms(floor)),
    ),
  ];
}

/** The trials of a search for the greatest rate. */
function trials({ search }: LoadRun): Section[] {
  if (!search) return [];
  const rows = search.trials.map(({ rate, milliseconds, confirming, requests, passed, why, values }) => [
    passed ? "held" : "failed",
    formatNumber(rate, "per second"),
    `${milliseconds / 1000} s${confirming ? ", to confirm" : ""}`,
    String(requests),
    values.map(({ slo, value }) => `${slo}: ${value === null ? "no value" : Number(value.toPrecision(4))}`).join("; "),
    why ?? "",
  ]);
  const found =
    search.maxRate === null
      ? `not known: ${reasons[search.reason ?? "no_search"] ?? search.reason}`
      : formatNumber(search.maxRate, "per second");
  return [
    {
      title: "Greatest rate",
      columns: ["", "rate", "for", "requests", "objectives", "why"],
      rows,
      notes: [`max_rate ${found}`],
    },
  ];
}

/** How far the latencies of two runs lie apart as a whole; nothing where one has no success. It decides nothing. */
function shift(own: LoadRun, other: LoadRun): string[] {
  const [x, y] = [own, other].map(({ events }) => Float64Array.from(events.flatMap(latencyOf)).filter(Number.isFinite));
  if (x!.length === 0 || y!.length === 0) return [];
  const ms = hodgesLehmann(x!, y!);
  return [
    `a request of the candidate takes ${formatNumber(Math.abs(ms), "ms")} ${ms < 0 ? "less" : "more"} than one of the champion (Hodges and Lehmann: the median of all differences)`,
  ];
}

/** What the runs before the one that counts came to. */
const attemptsOf = ({ attempts = [] }: LoadRun): string[] =>
  attempts.map(({ checks }, index) => {
    const said = checks.map(
      ({ text, status, value }) => `${text} ${status}${value === null ? "" : ` (${Number(value.toPrecision(4))})`}`,
    );
    return `attempt ${index + 1} of ${attempts.length + 1}: ${said.join("; ")}. The last counts`;
  });

/** What a load test saw. @param warnings what makes it say less than it seems to */
export function loadSections(
  { load, championLoad }: Pick<Observations, "load" | "championLoad">,
  warnings: readonly string[],
): Section[] {
  if (!load) return [];
  const runs = championLoad ? [load, championLoad] : [load];
  const why = runs.flatMap(({ inconclusive }) =>
    inconclusive === null ? [] : [`says nothing about the model: ${inconclusive}`],
  );
  return [
    {
      title: "Load",
      columns: ["", "candidate", ...(championLoad ? ["champion"] : [])],
      rows: rowsOf(runs),
      notes: [...attemptsOf(load), ...why, ...(championLoad ? shift(load, championLoad) : []), ...warnings],
    },
    ...trials(load),
  ];
}
