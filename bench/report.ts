// What a measurement says: one line per fact, and the target it is held against where there is one.
// Formats only; decides nothing and measures nothing.

/** One result. */
export interface Line {
  readonly what: string;
  /** As people read it, with its unit. */
  readonly value: string;
  /** The target in words, and whether it holds. */
  readonly target?: { readonly text: string; readonly holds: boolean } | undefined;
}

/** One measurement: what was done, and what came out. */
export interface Report {
  readonly name: string;
  readonly title: string;
  readonly lines: readonly Line[];
  /** What a reader must know to judge the numbers. */
  readonly notes: readonly string[];
}

/** A line that is held against a limit. */
export function atMost(what: string, value: number, limit: number, unit: string, digits = 2): Line {
  return judged(what, value, `at most ${limit} ${unit}`.trim(), value <= limit, unit, digits);
}

/** A line that is held against a floor. */
export function atLeast(what: string, value: number, floor: number, unit: string, digits = 2): Line {
  return judged(what, value, `at least ${floor} ${unit}`.trim(), value >= floor, unit, digits);
}

function judged(what: string, value: number, text: string, holds: boolean, unit: string, digits: number): Line {
  return { what, value: `${value.toFixed(digits)} ${unit}`.trim(), target: { text, holds } };
}

/** A report as a Markdown table. */
export function formatReport({ name, title, lines, notes }: Report): string {
  const rows = lines.map(({ what, value, target }) => [
    what,
    value,
    target === undefined ? '' : `${target.text}: ${target.holds ? 'holds' : '**FAILS**'}`,
  ]);
  const table = [['', 'measured', 'target'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(3, ...table.map((row) => (row[column] ?? '').length)));
  const format = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = table;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [
    `### ${title} (\`${name}\`)`,
    '',
    format(head),
    rule,
    ...body.map(format),
    '',
    ...notes.map((each) => `- ${each}`),
  ]
    .join('\n')
    .trimEnd();
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 1 ? [sorted[at], sorted[at]] : sorted.slice(at - 1, at + 1);
  return (low + high) / 2;
}

/** The value that a share `q` of all values does not exceed; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)] ?? Number.NaN;
}
