// Name patterns of profiles: a regular expression over hostile names, so only ones whose work is bounded are let in.
// The bound is proven from the pattern, not measured: the product of all choices a backtracking matcher can make.
import { Failure } from '../evidence/index.ts';

/** Facts a pattern may name. */
const NAME_FACTS = ['camera', 'officer', 'date', 'time', 'mark', 'series', 'counter'] as const;

/** Longest pattern, in characters. */
export const MAX_PATTERN_CHARS = 512;
/** Longest name a pattern is tried on, in characters: no file system in use has longer ones. */
export const MAX_NAME_CHARS = 255;
/** Most paths the matcher may have to try for one name: some ten milliseconds. */
export const MAX_PATTERN_WORK = 262_144;

/** Compiles a pattern that must fit the whole name, case not counting. Throws Failure 'config-invalid' with the reason only; the caller adds file and key. */
export function compileNamePattern(pattern: string): RegExp {
  if (pattern.length > MAX_PATTERN_CHARS) throw refuse(`is longer than ${MAX_PATTERN_CHARS} characters`);
  const compiled = compile(pattern);
  const named = [...pattern.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1] ?? '');
  const unknown = named.find((name) => !NAME_FACTS.some((fact) => fact === name));
  if (unknown !== undefined)
    throw refuse(
      `names the group ${unknown}; groups may be named ${NAME_FACTS.join(', ')}, others are written (?:...)`,
    );
  const work = new WorkReader(pattern).read();
  if (!(work <= MAX_PATTERN_WORK))
    throw refuse('could take very long on a hostile name; bound its repeats, for example [^_]{1,32} instead of [^_]+');
  return compiled;
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'iu');
  } catch (cause) {
    throw refuse(`is no regular expression: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function refuse(reason: string): Failure {
  return new Failure('config-invalid', reason);
}

/** Counts choices: 1 for what can match in one way only. Relies on the pattern having compiled with the `u` flag. */
class WorkReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): number {
    return this.#alternatives();
  }

  #alternatives(): number {
    let work = this.#sequence();
    while (this.#text[this.#at] === '|') {
      this.#at += 1;
      work += this.#sequence();
    }
    return work;
  }

  #sequence(): number {
    let work = 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const each = this.#atom();
      work *= this.#repeated(each);
    }
    return work;
  }

  #atom(): number {
    const c = this.#text[this.#at];
    if (c === '(') return this.#group();
    if (c === '[') {
      const end = /^\[(?:\\.|[^\\\]])*\]/u.exec(this.#text.slice(this.#at));
      this.#at += end?.[0].length ?? 1;
    } else if (c === '\\') this.#escape();
    else this.#at += String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0).length;
    return 1;
  }

  #escape(): void {
    const escape = /^\\(?:[1-9]|k<|(?:[pP]|u)\{[^}]*\}|x..|u....|c.|.)/su.exec(this.#text.slice(this.#at))?.[0] ?? '\\';
    if (/^\\(?:[1-9]|k<)/.test(escape)) throw refuse('refers back to a group, which docket does not allow');
    this.#at += escape.length;
  }

  #group(): number {
    const open = /^\((?:\?(?::|<\w+>))?/.exec(this.#text.slice(this.#at))?.[0] ?? '(';
    this.#at += open.length;
    if (this.#text[this.#at] === '?') throw refuse('looks ahead or behind, which docket does not allow');
    const work = this.#alternatives();
    this.#at += 1; // the closing parenthesis: it compiled
    return work;
  }

  /** How many ways there are with the quantifier that follows, if any. */
  #repeated(work: number): number {
    const found = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#text.slice(this.#at));
    if (found === null) return work;
    this.#at += found[0].length;
    const [min, max] = boundsOf(found);
    if (work === 1) return max - min + 1;
    let ways = 0;
    for (let times = min; times <= max && ways <= MAX_PATTERN_WORK; times += 1) ways += work ** times;
    return ways;
  }
}

function boundsOf(found: RegExpExecArray): readonly [number, number] {
  const sign = found[0][0];
  if (sign === '?') return [0, 1];
  if (sign !== '{') return [sign === '+' ? 1 : 0, MAX_NAME_CHARS];
  const min = Number(found[1]);
  const top = found[3] === '' ? MAX_NAME_CHARS : Number(found[3]);
  return [
    Math.min(min, MAX_NAME_CHARS),
    found[2] === '' ? Math.min(min, MAX_NAME_CHARS) : Math.min(top, MAX_NAME_CHARS),
  ];
}
