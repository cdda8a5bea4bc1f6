"""Metrics of texts by sacrebleu, rouge_score and nltk; SQuAD 1.1 as its paper's script defines it. Inputs and outputs as in
the vector files text_*.json."""

import math
import re
import string
from collections import Counter

import sacrebleu
from nltk.metrics.distance import edit_distance
from rouge_score.rouge_scorer import RougeScorer
from serve import Undefined

VARIANTS = ["rouge1", "rouge2", "rougeL"]
SCORER = RougeScorer(VARIANTS)


def corpus(case):
    texts, references = case["hypotheses"], case["references"]
    bleu = sacrebleu.corpus_bleu(texts, references)
    each = [(text, [one[i] for one in references if one[i] is not None]) for i, text in enumerate(texts)]
    return {
        "bleu": bleu.score,
        "bleu_precisions": bleu.precisions,
        "bleu_bp": bleu.bp,
        "sys_len": bleu.sys_len,
        "ref_len": bleu.ref_len,
        "chrf": sacrebleu.corpus_chrf(texts, references).score,
        "chrf_pp": sacrebleu.corpus_chrf(texts, references, word_order=2).score,
        "sentence_bleu": [sacrebleu.sentence_bleu(text, golds).score for text, golds in each],
        "sentence_chrf": [sacrebleu.sentence_chrf(text, golds).score for text, golds in each],
    }


def rouge(case):
    found = SCORER.score(case["reference"], case["hypothesis"])
    return {
        name: {"precision": one.precision, "recall": one.recall, "f1": one.fmeasure} for name, one in found.items()
    }


def normalised(text):
    bare = "".join(sign for sign in text.lower() if sign not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def token_f1(text, gold):
    own, other = normalised(text), normalised(gold)
    if not own and not other:
        return 1.0
    common = sum((Counter(own) & Counter(other)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(own), common / len(other)
    return 2 * precision * recall / (precision + recall)


def answers(case):
    text, golds = case["prediction"], case["golds"]
    return {
        "exact_match": float(any(normalised(text) == normalised(gold) for gold in golds)),
        "token_f1": max(token_f1(text, gold) for gold in golds),
    }


def edits(case):
    words = edit_distance(case["hypothesis"].split(), case["reference"].split())
    characters = edit_distance(case["hypothesis"], case["reference"])
    rate = lambda count, units: count / units if units else {"undefined": "empty_reference"}
    return {
        "word_edits": words,
        "wer": rate(words, len(case["reference"].split())),
        "char_edits": characters,
        "cer": rate(characters, len(case["reference"])),
    }


def logprobs(case):
    values = case["token_logprobs"]
    if not values:
        raise Undefined("no_tokens")
    mean = -math.fsum(values) / len(values)
    return {"perplexity": math.exp(mean), "bits_per_token": mean / math.log(2)}


KINDS = {
    "text_corpus": corpus,
    "text_rouge": rouge,
    "text_qa": answers,
    "text_edit": edits,
    "text_logprob": logprobs,
}
