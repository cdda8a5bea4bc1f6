const p99 = (values: readonly number[]): number | null =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? null;

/**
 * Prints what a generator tells of its run, as JSON: 99th percentiles in ms of lag (sent minus intended) and of latency from the
 * intended send, and CPU seconds. @param used at the start
 */
export function told(lags: readonly number[], latencies: readonly number[], used: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(used);
  const numbers = {
    requests: latencies.length,
    lagP99: p99(lags),
    latencyP99: p99(latencies),
    cpu: (user + system) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(numbers)}\n`);
}
