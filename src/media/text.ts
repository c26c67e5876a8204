// Text out of bytes that may be in any of the encodings Chinese and other offices use, made safe to keep and to show.
// Never guesses at binary data: what decodes in none of the encodings is no text.

const UTF16_LE = Buffer.from([0xff, 0xfe]);
const UTF16_BE = Buffer.from([0xfe, 0xff]);

// Everything but tab and line feed that is not shown, and what turns the direction of writing: a text must look like what it is.
const HIDDEN = /(?![\t\n])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu;
/** Share of control characters from which decoded bytes are no text. */
const MAX_CONTROL_SHARE = 0.02;

/** The text of the first bytes of a file, or undefined when they are none. A character cut at the end is left out. */
export function decodeText(head: Buffer): string | undefined {
  const marked = markedEncoding(head);
  if (marked !== undefined) return decodeAs(marked, head);
  if (head.includes(0)) return undefined;
  return decodeAs('utf-8', head) ?? decodeAs('gb18030', head);
}

function markedEncoding(head: Buffer): string | undefined {
  if (head.subarray(0, 2).equals(UTF16_LE)) return 'utf-16le';
  if (head.subarray(0, 2).equals(UTF16_BE)) return 'utf-16be';
  return undefined;
}

function decodeAs(encoding: string, bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
    const controls = text.match(/(?![\t\n\r\f])\p{Cc}/gu)?.length ?? 0;
    return controls > text.length * MAX_CONTROL_SHARE ? undefined : text;
  } catch {
    return undefined; // not this encoding
  }
}

/** A text to keep: well-formed, without hidden characters and empty stretches, at most `maxChars` UTF-16 units. */
export function keepText(text: string, maxChars: number): string {
  const shown = text
    .replaceAll(/\r\n?|[\f\v\u0085\u2028\u2029]/g, '\n')
    .replaceAll(HIDDEN, '')
    .replaceAll(/[^\S\n]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
    .toWellFormed();
  return clip(shown, maxChars);
}

/** One line of at most `maxChars`, for facts and sentences. */
export function keepLine(text: string, maxChars: number): string {
  return clip(keepText(text, maxChars * 2).replaceAll(/\s+/g, ' '), maxChars);
}

function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const cut = text.slice(0, maxChars);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
