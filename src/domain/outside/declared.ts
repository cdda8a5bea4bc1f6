/** The units a number from outside may have. */
export const outsideUnits = ["score", "ratio", "ms", "per second", "bytes"] as const;

/** A metric that something else than modelgate measures, as the configuration declares it. */
export interface DeclaredMetric {
  unit: (typeof outsideUnits)[number];
  direction: "higher" | "lower";
  /** Least and greatest possible value; null: no end. */
  range: readonly [least: number | null, most: number | null];
  /** operation: what running it takes, whatever it answers; absent: its answers. */
  about?: "operation";
  /** Whether only the candidate is measured. */
  alone?: true;
}

/** Name in a check, `judge.helpfulness` → what it is. */
export type DeclaredMetrics = Readonly<Record<string, DeclaredMetric>>;

const { POSITIVE_INFINITY: infinity } = Number;

/** Least and greatest possible value as numbers that compare. */
export const limitsOf = ({ range: [least, most] }: Pick<DeclaredMetric, "range">): readonly [number, number] => [
  least ?? -infinity,
  most ?? infinity,
];

/** The range of a unit where the configuration names none. */
export const usualRange = (unit: DeclaredMetric["unit"]): DeclaredMetric["range"] =>
  unit === "ratio" ? [0, 1] : unit === "score" ? [null, null] : [0, null];

/** The metrics of several sources, under the names that checks give them. */
export const namedMetrics = (
  sources: Readonly<Record<string, { metrics: Readonly<Record<string, DeclaredMetric>> }>>,
): DeclaredMetrics =>
  Object.fromEntries(
    Object.entries(sources).flatMap(([source, { metrics }]) =>
      Object.entries(metrics).map(([name, metric]) => [`${source}.${name}`, metric]),
    ),
  );
