import { metricNamed } from "../../../src/domain/metrics/index.ts";
import type { RowMetric, RunMetric } from "../../../src/domain/metrics/metric.ts";

export function rowMetric(name: string): RowMetric {
  const metric = metricNamed(name);
  if (metric?.kind !== "rows") throw new Error(`${name} is no metric of rows`);
  return metric;
}

export function runMetric(name: string): RunMetric {
  const metric = metricNamed(name);
  if (metric?.kind !== "run") throw new Error(`${name} is no metric of a load run`);
  return metric;
}
