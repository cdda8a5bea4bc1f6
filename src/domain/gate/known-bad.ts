import type { Answers, Observations, Truth } from "../observations/observations.ts";

type Observed = Pick<Observations, "task" | "truth" | "classes">;

/** Answers that no policy should let pass, and what they are. */
export interface BadAnswers {
  name: string;
  answers: Answers;
}

/** The truth of one task, as its rows have it. */
const numbers = (truth: Truth): number[] => [...(truth as Float64Array)];
const marks = (truth: Truth): readonly Uint8Array[] => truth as readonly Uint8Array[];
const golds = (truth: Truth): readonly (readonly string[])[] => truth as readonly (readonly string[])[];

/** Answers that say a class for each row, with certainty. */
function certain({ task, classes }: Observed, labels: readonly number[]): Answers {
  if (task === "binary") {
    const said = Uint8Array.from(labels);
    return { task, labels: said, scores: Float64Array.from(said) };
  }
  const probabilities = labels.map((label) => Float64Array.from(classes, (_, index) => (index === label ? 1 : 0)));
  return { task: "multiclass", labels: Int32Array.from(labels), probabilities };
}

const marked = (labels: readonly Uint8Array[]): Answers => ({
  task: "multilabel",
  labels,
  scores: labels.map((row) => Float64Array.from(row)),
});
const scored = (task: "regression" | "ranking", values: readonly number[]): Answers => ({
  task,
  values: Float64Array.from(values),
});
const written = (texts: readonly string[]): Answers => ({ task: "generation", texts, logprobs: null });

/** Pairs of vectors whose cosine is the similarity. */
function paired(similarities: readonly number[]): Answers {
  const partners = similarities.map((cosine) => Float64Array.of(cosine, Math.sqrt(Math.max(0, 1 - cosine * cosine))));
  return { task: "embedding", vectors: similarities.map(() => Float64Array.of(1, 0)), partners };
}

function badClasses(observed: Observed): BadAnswers[] {
  const { truth, classes } = observed;
  const wrong = numbers(truth).map((label) => (label + 1) % classes.length);
  return [
    { name: "answers that are all wrong", answers: certain(observed, wrong) },
    ...classes.map((name, index) => ({
      name: `always the answer ${JSON.stringify(name)}`,
      answers: certain(
        observed,
        wrong.map(() => index),
      ),
    })),
  ];
}

function badMarks({ truth, classes }: Observed): BadAnswers[] {
  const all = (mark: number): Answers => marked(marks(truth).map(() => new Uint8Array(classes.length).fill(mark)));
  const inverted = marks(truth).map((row) => row.map((mark) => 1 - mark));
  return [
    { name: "answers that are all wrong", answers: marked(inverted) },
    { name: "never any class", answers: all(0) },
    { name: "always every class", answers: all(1) },
  ];
}

function badNumbers({ truth }: Observed): BadAnswers[] {
  const targets = numbers(truth);
  const size = targets.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const answered = (name: string, of: (value: number) => number): BadAnswers => ({
    name,
    answers: scored("regression", targets.map(of)),
  });
  return [
    answered("values far above the truth", (value) => value + 1000 * size),
    answered("values far below the truth", (value) => value - 1000 * size),
    answered("values that fall as the truth rises", (value) => -1000 * value),
  ];
}

function badTexts({ truth }: Observed): BadAnswers[] {
  const right = golds(truth);
  const texts = [...new Set(right.flatMap(([first]) => (first === undefined ? [] : [first])))];
  const places = new Map(texts.map((text, place) => [text, place]));
  const others = right.map((own) => {
    const start = places.get(own[0] ?? "") ?? 0;
    const other = texts.findIndex((_, step) => !own.includes(texts[(start + step) % texts.length]!));
    // Where the same text is right in every row it is no bad answer, and nothing is.
    return other < 0 ? "" : texts[(start + other) % texts.length]!;
  });
  return [
    { name: "no text at all", answers: written(right.map(() => "")) },
    { name: "the right text of another row", answers: written(others) },
  ];
}

function badVectors({ truth }: Observed): BadAnswers[] {
  if (truth instanceof Float64Array) {
    const similarities = numbers(truth);
    const top = Math.max(...similarities.map(Math.abs), 1);
    const falling = paired(similarities.map((value) => -value / top));
    const same = paired(similarities.map(() => 1));
    return [
      { name: "pairs the less alike the more alike they should be", answers: falling },
      { name: "the same vector for every text", answers: same },
    ];
  }
  const opposite = (truth as readonly Float64Array[]).map((vector) => vector.map((value) => -value));
  return [
    { name: "vectors that point the other way", answers: { task: "embedding", vectors: opposite, partners: null } },
  ];
}

/** Answers as bad as can be, each bad in another way: one metric sees one, one the other. */
export function badAnswers(observed: Observed): BadAnswers[] {
  switch (observed.task) {
    case "binary":
    case "multiclass":
      return badClasses(observed);
    case "multilabel":
      return badMarks(observed);
    case "regression":
      return badNumbers(observed);
    case "ranking": {
      const grades = numbers(observed.truth);
      const falling = scored(
        "ranking",
        grades.map((grade) => -grade),
      );
      const same = scored(
        "ranking",
        grades.map(() => 0),
      );
      return [
        { name: "items ranked the wrong way round", answers: falling },
        { name: "the same score for every item", answers: same },
      ];
    }
    case "generation":
      return badTexts(observed);
    case "embedding":
      return badVectors(observed);
  }
}

/** Answers that are never wrong. */
export function perfectAnswers(observed: Observed): Answers {
  const { task, truth } = observed;
  switch (task) {
    case "binary":
    case "multiclass":
      return certain(observed, numbers(truth));
    case "multilabel":
      return marked(marks(truth));
    case "regression":
    case "ranking":
      return scored(task, numbers(truth));
    case "generation":
      return written(golds(truth).map((texts) => texts[0] ?? ""));
    case "embedding": {
      if (!(truth instanceof Float64Array)) return { task, vectors: truth as readonly Float64Array[], partners: null };
      const top = Math.max(...truth.map(Math.abs), 1);
      return paired(numbers(truth).map((value) => value / top));
    }
  }
}
