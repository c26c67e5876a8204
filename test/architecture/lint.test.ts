// The linter, with the project's own configuration, refuses every bad file under refused/ for the reason the file names.
// It runs on a copy, since the project's own run leaves that folder out; a rule that is silently off is red here.
import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { expectedIn, REFUSED } from './refused.ts';
import { ROOT } from './rooms.ts';

const reportSchema = z.object({
  diagnostics: z.array(z.object({ code: z.string().optional(), message: z.string(), filename: z.string() })),
});
const files = globSync('src/**/*.ts', { cwd: REFUSED }).toSorted();
const found = new Map<string, Set<string>>();
let copy = '';

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'docket-lint-'));
  mkdirSync(join(copy, 'config'));
  cpSync(join(REFUSED, 'src'), join(copy, 'src'), { recursive: true });
  for (const name of ['.oxlintrc.json', 'config/oxlint.rooms.json', 'tsconfig.json', 'package.json'])
    cpSync(join(ROOT, name), join(copy, name));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const { diagnostics } = reportSchema.parse(JSON.parse(await lint(copy)));
  for (const { filename, code, message } of diagnostics) {
    const codes = found.get(filename) ?? new Set();
    found.set(filename, codes.add(code ?? message));
  }
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

it.each(files)('finds in %s what it names, and nothing else', (file) => {
  expect([...(found.get(file) ?? [])].toSorted()).toEqual(
    expectedIn(readFileSync(join(REFUSED, file), 'utf8'), 'lint'),
  );
});

it('finds nothing outside these files', () => {
  expect([...found.keys()].filter((file) => !files.includes(file))).toEqual([]);
});

/** The JSON report of oxlint in a folder; it exits 1 when it finds something. */
function lint(cwd: string): Promise<string> {
  const args = [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--format=json', 'src'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(new Error(`oxlint did not report: ${stderr}`, { cause: error }));
    });
  });
}
