// How well a text fits what was typed: every word has to be in it, in any order, and better places count more.

const EXACT = 100;
const START = 80;
const WORD = 60;
const INSIDE = 40;
const LETTERS = 15;

/** The letters in their order, near each other; null when they are not all there. */
function letters(word: string, text: string): number | null {
  let at = text.indexOf(word.charAt(0));
  const first = at;
  for (const letter of word.slice(1)) {
    if (at === -1) return null;
    at = text.indexOf(letter, at + 1);
  }
  if (at === -1) return null;
  const spread = at - first + 1 - word.length;
  return spread > word.length * 3 ? null : LETTERS - Math.min(LETTERS - 1, spread);
}

function place(word: string, text: string): number | null {
  const at = text.indexOf(word);
  if (at === -1) return word.length < 2 ? null : letters(word, text);
  if (at === 0) return text.length === word.length ? EXACT : START;
  if (/[^a-z0-9]/.test(text.charAt(at - 1))) return WORD;
  // A later place may be the beginning of a word.
  return new RegExp(`[^a-z0-9]${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`).test(text) ? WORD : INSIDE;
}

export const wordsOf = (typed: string) =>
  typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");

/** Null when it does not fit; among equals the shorter text is the better one. */
export function rankOf(words: readonly string[], text: string): number | null {
  const lower = text.toLowerCase();
  let sum = 0;
  for (const word of words) {
    const found = place(word, lower);
    if (found === null) return null;
    sum += found;
  }
  return sum / Math.max(1, words.length) - Math.min(lower.length, 100) / 100;
}
