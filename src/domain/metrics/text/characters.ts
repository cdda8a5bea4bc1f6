/**
 * White space as Python's `str.split()` knows it: JavaScript's `\s` has U+FEFF in addition and lacks U+001C to U+001F and
 * U+0085. The reference implementations of text metrics all split by it.
 */
const space = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const spaces = new RegExp(`[${space}]+`, "g");
const lastSpaces = new RegExp(`(?<![${space}])[${space}]+$`);

/** The pieces between white space; none of an empty text. */
export const words = (text: string): string[] => text.split(spaces).filter((word) => word !== "");

/** The text without any white space. */
export const withoutSpace = (text: string): string => text.replace(spaces, "");

/** The text without white space at its end. */
export const withoutLastSpace = (text: string): string => text.replace(lastSpaces, "");

/** The ASCII punctuation: Python's `string.punctuation`. */
export const punctuation = /[!-/:-@[-`{-~]/g;

/** Code points, not UTF-16 units: an emoji is one character. */
export const codePoints = (text: string): Uint32Array =>
  Uint32Array.from(text, (character) => character.codePointAt(0)!);

const notAscii = /\P{ASCII}/gu;
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

/** The share of characters that a pattern finds, 0 of no characters. */
function shareOf(pattern: RegExp, texts: Iterable<string>): number {
  let [found, all] = [0, 0];
  for (const text of texts) {
    found += text.match(pattern)?.length ?? 0;
    all += lengthOf(text);
  }
  return all === 0 ? 0 : found / all;
}

/** How many code points a text has. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 1; i < text.length; i++) if (isLow(text.charCodeAt(i)) && isHigh(text.charCodeAt(i - 1))) length--;
  return length;
}

const isHigh = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

/** The share of characters outside ASCII. */
export const shareOutsideAscii = (texts: Iterable<string>): number => shareOf(notAscii, texts);

/** The share of characters of scripts that put no space between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese. */
export const shareWithoutWords = (texts: Iterable<string>): number => shareOf(spaceless, texts);
