import type { Outcome, Section } from "../domain/outcome.ts";
import { sections, verdictWord } from "./sections.ts";

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => `&#${mark.codePointAt(0)};`);

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem;border-left:.5rem solid var(--tone);padding-left:.75rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d0d7de;vertical-align:top;overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}}`;

const tones: Record<Outcome["verdict"], string> = {
  pass: "#1a7f37",
  none: "#1a7f37",
  fail: "#cf222e",
  error: "#cf222e",
  inconclusive: "#9a6700",
};

const cells = (tag: "th" | "td", row: readonly string[]): string =>
  `<tr>${row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("")}</tr>`;

const part = (section: Section): string =>
  `<section><h2>${escape(section.title)}</h2><table>${section.columns.some((name) => name !== "") ? `<thead>${cells("th", section.columns)}</thead>` : ""}<tbody>${section.rows.map((row) => cells("td", row)).join("\n")}</tbody></table>${section.notes.map((note) => `<p>${escape(note)}</p>`).join("")}</section>`;

/** The report as one HTML file that loads nothing: no script, no font, no picture from elsewhere. */
export const page = (outcome: Outcome): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(`${verdictWord(outcome)}: ${outcome.headline}`)}</title><style>:root{--tone:${tones[outcome.verdict]}}${style}</style></head>
<body><h1>${escape(`${verdictWord(outcome)}: ${outcome.headline}`)}</h1>
${sections(outcome).map(part).join("\n")}
</body></html>
`;
