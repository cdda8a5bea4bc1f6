/** Words of a command line that name a file: they have an ending, such as `eval/judge.py`, and are no option. */
export const filesAmong = (words: readonly string[]): string[] => words.filter((word) => /^(?!-).*\.\w+$/.test(word));
