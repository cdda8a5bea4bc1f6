/** What tells our comment from others: hidden lines at the very start of it. A quotation has them elsewhere. */
export interface Marker {
  /** Whose comment it is in a pull request: `release`, or `model/digits`. */
  key: string;
  /** The run that wrote it, digits. */
  run: string;
}

/** An HTML comment ends at `--`, in some renderers. */
const inert = (text: string): string => encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("--", "-%2D");

export const markerText = ({ key, run }: Marker): string =>
  `<!-- modelgate:${inert(key)} -->\n<!-- run ${inert(run)} -->\n`;

/** Whether a comment begins with our marker. */
export const isMarked = (body: string, key: string): boolean => body.startsWith(`<!-- modelgate:${inert(key)} -->`);

/** The run that wrote a marked comment; null when it does not say. */
export const runOf = (body: string): string | null =>
  /^<!-- modelgate:\S+ -->\r?\n<!-- run (\d+) -->/.exec(body)?.[1] ?? null;

/** Whether a run was started before another. GitHub counts them up. */
export const isOlder = (run: string, than: string): boolean =>
  /^\d+$/.test(run) && /^\d+$/.test(than) && BigInt(run) < BigInt(than);
