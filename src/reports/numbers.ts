const units = ["B", "kB", "MB", "GB", "TB"];

/** `12.3 MB`, decimal units. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** A measured value with its unit; empty when there is none. A ratio keeps four digits: 0.9463. */
export function formatNumber(value: number | null, unit: string): string {
  if (value === null) return "";
  if (unit === "bytes") return formatBytes(value);
  const digits =
    unit === "ratio"
      ? value.toFixed(4)
      : Number.isInteger(value)
        ? String(value)
        : Number(value.toPrecision(5)).toString();
  return unit === "ms" ? `${digits} ms` : unit === "per second" ? `${digits} /s` : digits;
}
