// The house keeps its own laws, and each law refuses what it is there to refuse.
// Every file under refused/ names what must be found in it; a file that names nothing must be found in order.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkFile, LAWS } from './laws.ts';
import { expectedIn, REFUSED } from './refused.ts';
import { ROOT, readRooms } from './rooms.ts';

const rooms = readRooms();
const sources = (root: string): readonly string[] =>
  globSync('src/**/*.{ts,mts,cts,js,mjs,cjs}', { cwd: root }).toSorted();
const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');

describe('the sources', () => {
  it('break no law', () => {
    const found = sources(ROOT).flatMap((file) => checkFile(file, read(ROOT, file), rooms));
    expect(found.map(({ file, line, law, message }) => `${file}:${line} ${law}: ${message}`)).toEqual([]);
  });
});

describe('the laws', () => {
  it.each(sources(REFUSED))('find in %s what it names, and nothing else', (file) => {
    const text = read(REFUSED, file);
    const found = checkFile(file, text, rooms);
    expect([...new Set(found.map(({ law }) => law))].toSorted()).toEqual(expectedIn(text, 'laws'));
  });

  it('are each shown by a file that breaks it', () => {
    const shown = new Set(sources(REFUSED).flatMap((file) => expectedIn(read(REFUSED, file), 'laws')));
    expect(Object.keys(LAWS).filter((law) => !shown.has(law))).toEqual(['file-syntax']);
    expect(checkFile('src/evidence/broken.ts', '// broken\nexport const = ;', rooms)).toMatchObject([
      { law: 'file-syntax' },
    ]);
  });

  it('name the line', () => {
    const text = "// one\nimport { a } from 'node:fs';\nimport { b } from '../vault/index.ts';\n";
    expect(checkFile('src/camera/x.ts', text, rooms)).toMatchObject([{ line: 3, law: 'room-import' }]);
  });

  it.each([
    ['Date.now()', 'clock-read'],
    ["Date['now']()", 'clock-read'],
    ['Date()', 'clock-read'],
    ['new Date', 'clock-read'],
    ['globalThis.Date.now()', 'clock-read'],
    ['Reflect.construct(Date, [])', 'clock-read'],
    ['globalThis.performance.now()', 'clock-read'],
    ['process.uptime()', 'clock-read'],
    ['setInterval(() => 1, 1)', 'clock-timer'],
    ['globalThis.setTimeout(() => 1, 1)', 'clock-timer'],
    ["await import('node:timers')", 'clock-timer'],
  ])('see a clock in %s', (code, law) => {
    const found = checkFile('src/vault/x.ts', `// a clock\nexport const x = ${code};\n`, rooms);
    expect(found.map((violation) => violation.law)).toContain(law);
  });

  it.each([
    'new Date(0)',
    'Date.parse("2026-01-01")',
    'value instanceof Date',
    'clock.now()',
    '{ performance: 1, setTimeout: 2 }',
    'options.Date',
    '(timer: ReturnType<typeof setTimeout>): Date | undefined => undefined',
  ])('see no clock in %s', (code) => {
    expect(checkFile('src/vault/x.ts', `// no clock\nexport const x = ${code};\n`, rooms)).toEqual([]);
  });
});
