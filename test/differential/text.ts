import type { Generator } from "../../src/domain/statistics/prng.ts";
import { textRunners } from "../vectors/text.ts";
import { between, oneOf, rounded, several, toleranceOf } from "./draw.ts";
import type { Kind } from "./kind.ts";

const plain = ["a", "an", "the", "The", "cat", "cats", "sat", "on", "MAT", "ran", "x", "it's", "don't"];
/** What tokenizers treat apart: numbers, entities, punctuation, and what they drop. */
const marked = [
  ...["3.14", "1,000.5", ".5", "5.", "3-4", "x-ray", "-5", "1-", "a.b", "U.S.", "$3.50,", "100%", "e.g.", "..."],
  ...["&quot;hi&quot;", "&amp;lt;", "&lt;b&gt;", "&amp;", "&", "<skipped>", "(the)", "[a]", "{an}", "'the'", "the's"],
  ...["!", "?!", "--", "-", "—", "…", "“the”", "a_the", "_", "`~`", "^a", "\\n", "@the", "#", '"', "'", ",", "."],
  // Every sign between letters, digits, and both.
  ..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    .split("")
    .flatMap((sign) => [`a${sign}b`, `1${sign}2`, `a${sign}1`, `1${sign}a`]),
];
/** Letters of other scripts, combining marks, signs of two UTF-16 units, letters that change length in lower case. */
const foreign = [
  ...[
    "naïve",
    "e\u0301te\u0301",
    "the\u0301",
    "\u0301the",
    "a\u0308",
    "ÉCOLE",
    "Straße",
    "ΟΔΟΣ",
    "İstanbul",
    "\u212aelvin",
    "ﬁne",
  ],
  ...[
    "日本語",
    "日本語。",
    "中文，测试",
    "한국어 말",
    "สวัสดี",
    "नमस्ते",
    "مرحبا",
    "Привет,",
    "the日",
    "日the",
    "٣.٤",
    "Ⅷ",
    "½a",
  ],
  ...["😀", "😀.", "a😀b", "👩‍👩‍👧", "🇩🇪", "😀😀😀", "𝒶", "𝟛.𝟛", "’", "。", "、"],
];
/** White space for Python, for JavaScript, for both, for none. */
const gaps = [
  ...["\t", "\n", "\r\n", "-\n", "\v", "\f", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u202f"],
  ...["\u3000", "\ufeff", "\u200b", "\u180e", "\0", "   ", "- \n", "\n\n"],
];

/** A text of some words; how nasty it is differs from case to case. */
function drawnText(generator: Generator, most: number): string {
  const vocabulary = oneOf(generator, [plain, plain, [...plain, ...marked], [...plain, ...marked, ...foreign], marked]);
  const separators = generator.below(3) === 0 ? [" ", " ", "", ...gaps] : [" "];
  const pieces = several(generator.below(most + 1), () => oneOf(generator, vocabulary) + oneOf(generator, separators));
  return pieces.join("");
}

/** The text with a few pieces dropped, doubled or replaced, so that the two share n-grams of every order. */
function changed(generator: Generator, text: string): string {
  const most = oneOf(generator, [0, 1, 3, 9]);
  const pieces = text.split(" ");
  for (let i = 0; i < most; i++)
    pieces.splice(generator.below(pieces.length + 1), generator.below(3), drawnText(generator, 2));
  return pieces.join(" ");
}

/** Texts of a first list, and texts near them or unlike them. */
function pair(generator: Generator, index: number): { hypothesis: string; reference: string } {
  const reference = drawnText(generator, oneOf(generator, [3, 12, 30]));
  const hypothesis = generator.below(6) === 0 ? drawnText(generator, 12) : changed(generator, reference);
  const empty = { hypothesis: "", reference: "" };
  return [empty, { ...empty, hypothesis }, { ...empty, reference }][index] ?? { hypothesis, reference };
}

function corpus(generator: Generator, index: number) {
  const pairs = several(oneOf(generator, [1, 2, 9]), () => pair(generator, index));
  const further = several(generator.below(3), () =>
    pairs.map(({ reference }) => (generator.below(4) === 0 ? null : changed(generator, reference))),
  );
  return {
    hypotheses: pairs.map(({ hypothesis }) => hypothesis),
    references: [pairs.map(({ reference }) => reference), ...further],
  };
}

function answers(generator: Generator, index: number) {
  const { hypothesis, reference } = pair(generator, index);
  const golds = [reference, ...several(generator.below(3), () => changed(generator, reference))];
  return { prediction: hypothesis, golds };
}

const logprobs = (generator: Generator, index: number) => ({
  token_logprobs: several(index === 0 ? 0 : between(generator, 1, 80), () =>
    rounded(3 * Math.log1p(-generator.f64()), 6),
  ),
});

/** A kind whose inputs and outputs are those of a file of reference vectors. */
const asVectors = (kind: string, cases: number, input: Kind["input"]): Kind => ({
  kind,
  cases,
  tolerance: toleranceOf(kind),
  input,
  got: textRunners[kind]!,
});

/** Metrics of texts. */
export const text: readonly Kind[] = [
  asVectors("text_corpus", 800, corpus),
  asVectors("text_rouge", 500, pair),
  asVectors("text_qa", 500, answers),
  asVectors("text_edit", 500, pair),
  asVectors("text_logprob", 60, logprobs),
];
