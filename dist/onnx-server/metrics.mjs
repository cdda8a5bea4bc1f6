const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counters of one server in Prometheus' text format 0.0.4. */
export function createMetrics() {
  const requests = new Map();
  const buckets = bounds.map(() => 0);
  let [count, sum] = [0, 0];
  return {
    observe(status, seconds) {
      requests.set(status, (requests.get(status) ?? 0) + 1);
      count++;
      sum += seconds;
      for (const [index, bound] of bounds.entries()) if (seconds <= bound) buckets[index]++;
    },
    text({ name, digest, inFlight }) {
      return [
        "# TYPE modelgate_model_info gauge",
        `modelgate_model_info{model=${JSON.stringify(name)},digest="${digest}"} 1`,
        "# TYPE modelgate_requests_in_flight gauge",
        `modelgate_requests_in_flight ${inFlight}`,
        "# TYPE modelgate_requests_total counter",
        ...[...requests].map(([status, total]) => `modelgate_requests_total{code="${status}"} ${total}`),
        "# TYPE modelgate_request_duration_seconds histogram",
        ...bounds.map((bound, index) => `modelgate_request_duration_seconds_bucket{le="${bound}"} ${buckets[index]}`),
        `modelgate_request_duration_seconds_bucket{le="+Inf"} ${count}`,
        `modelgate_request_duration_seconds_sum ${sum}`,
        `modelgate_request_duration_seconds_count ${count}`,
        "",
      ].join("\n");
    },
  };
}
