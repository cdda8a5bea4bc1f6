import { punctuation, words } from "./characters.ts";
import { ngramsOf, shared } from "./ngrams.ts";
import { overlapOf } from "./rouge.ts";

/** `a`, `an` and `the` as words of their own; a word goes on over any letter, digit or underscore. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** The words of a text as SQuAD 1.1 compares them: lower case, without ASCII punctuation, without articles. */
export const normalisedWords = (text: string): string[] =>
  words(text.toLowerCase().replace(punctuation, "").replace(articles, " "));

/** Whether two texts have the same words in the same order (SQuAD 1.1). */
export const isExactMatch = (text: string, gold: string): boolean =>
  normalisedWords(text).join(" ") === normalisedWords(gold).join(" ");

/** F1 of the words of two texts (SQuAD 1.1); two texts without words agree. */
export function tokenF1(text: string, gold: string): number {
  const [own, other] = [normalisedWords(text), normalisedWords(gold)];
  if (own.length === 0 && other.length === 0) return 1;
  const [ngrams, ofOther] = ngramsOf([own, other], 1)[0]!;
  return overlapOf(shared(ngrams!, ofOther!), own.length, other.length).f1;
}
