import { bleuCounts, bleuOf, bleuWidth } from "../../src/domain/metrics/text/bleu.ts";
import { chrfCounts, chrfOf, type WordOrder } from "../../src/domain/metrics/text/chrf.ts";
import { characterEdits, type Edits, wordEdits } from "../../src/domain/metrics/text/edits.ts";
import { bitsPerToken, perplexityOf } from "../../src/domain/metrics/text/perplexity.ts";
import { rouge } from "../../src/domain/metrics/text/rouge.ts";
import { isExactMatch, tokenF1 } from "../../src/domain/metrics/text/squad.ts";
import type { Runner } from "./compare.ts";

const summed = (rows: readonly Float64Array[], width: number): Float64Array =>
  rows.reduce((sums, row) => sums.map((sum, i) => sum + row[i]!), new Float64Array(width));

/** `references[r][i]` is reference r of text i; null where a text has fewer. */
function corpus({ hypotheses, references }: { hypotheses: string[]; references: (string | null)[][] }) {
  const golds = hypotheses.map((_, i) => references.flatMap((list) => list[i] ?? []));
  const bleu = hypotheses.map((text, i) => bleuCounts(text, golds[i]!));
  const chrf = (order: WordOrder) => hypotheses.map((text, i) => chrfCounts(text, golds[i]!, order));
  const sums = summed(bleu, bleuWidth);
  const { score, precisions, brevityPenalty } = bleuOf(sums);
  const [plain, plus] = [chrf(0), chrf(2)];
  return {
    bleu: score,
    bleu_precisions: precisions,
    bleu_bp: brevityPenalty,
    sys_len: sums[0],
    ref_len: sums[1],
    chrf: chrfOf(summed(plain, plain[0]?.length ?? 0)),
    chrf_pp: chrfOf(summed(plus, plus[0]?.length ?? 0)),
    sentence_bleu: bleu.map((counts) => bleuOf(counts, true).score),
    sentence_chrf: plain.map(chrfOf),
  };
}

const overlaps = ({ hypothesis, reference }: { hypothesis: string; reference: string }) => ({
  rouge1: rouge("rouge1", hypothesis, reference),
  rouge2: rouge("rouge2", hypothesis, reference),
  rougeL: rouge("rougeL", hypothesis, reference),
});

const answers = ({ prediction, golds }: { prediction: string; golds: string[] }) => ({
  exact_match: golds.some((gold) => isExactMatch(prediction, gold)) ? 1 : 0,
  token_f1: Math.max(...golds.map((gold) => tokenF1(prediction, gold))),
});

const rateOf = ({ edits, units }: Edits) => (units === 0 ? { undefined: "empty_reference" } : edits / units);

function edits({ hypothesis, reference }: { hypothesis: string; reference: string }) {
  const [word, character] = [wordEdits(hypothesis, reference), characterEdits(hypothesis, reference)];
  return { word_edits: word.edits, wer: rateOf(word), char_edits: character.edits, cer: rateOf(character) };
}

function logprobs({ token_logprobs }: { token_logprobs: number[] }) {
  const tokens = token_logprobs.length;
  if (tokens === 0) return { undefined: "no_tokens" };
  const sum = token_logprobs.reduce((total, logprob) => total + logprob, 0);
  return { perplexity: perplexityOf(sum, tokens), bits_per_token: bitsPerToken(sum, tokens) };
}

export const textRunners: Readonly<Record<string, Runner>> = {
  text_corpus: corpus,
  text_rouge: overlaps,
  text_qa: answers,
  text_edit: edits,
  text_logprob: logprobs,
};
