// A log line about an error carries what IT needs: the code and the causes of a failure, the stack of a defect.
import { expect, it } from 'vitest';
import { Failure } from '../../src/evidence/index.ts';
import { errorFacts } from '../../src/platform/index.ts';
import { runCode, sourceUrl } from '../child.ts';

it('names code, sentence, facts and causes of a failure', () => {
  const cause = new Error('write failed', { cause: new Error('ENOSPC') });
  const failure = new Failure('spool-full', 'no room for a.mp4', { cause, facts: { wanted: 7 } });
  expect(errorFacts(failure)).toEqual({
    code: 'spool-full',
    reason: 'no room for a.mp4',
    wanted: 7,
    causes: ['write failed', 'ENOSPC'],
  });
});

it('of causes, which others may have written, shows one line of no more than 300 characters', () => {
  const cause = new Error(`AccessDenied\n\u001b[2J\u0085${'案'.repeat(10_000)}`);
  const { causes } = errorFacts(new Failure('vault-refused', 'storing x', { cause })) as { causes: string[] };
  expect(causes[0]).toMatch(/^AccessDenied {2}\[2J 案+…$/);
  expect([...(causes[0] ?? '')].length).toBe(300);
});

it('shows where a defect is, also one that is no Error, and ends on causes in a circle', () => {
  const circle = new Error('a');
  circle.cause = circle;
  expect(errorFacts(circle)).toMatchObject({
    defect: expect.stringContaining('log.test.ts') as string,
    causes: ['a', 'a', 'a', 'a', 'a'],
  });
  expect(errorFacts('text')).toEqual({ defect: 'text', causes: [] });
});

/** Starts what follows with a standard error that is the journal: it is what JOURNAL_STREAM names. */
const JOURNAL = ['sh', '-c', 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$@"', 'sh'];

it('tells the journal how urgent each line is', async () => {
  const { stderr } = await runCode(
    `import { complain, openLog } from ${JSON.stringify(sourceUrl('src/platform/index.ts'))};
    const log = openLog('trace', 'docketd');
    for (const level of ['debug', 'info', 'warn', 'error']) log[level]('案件\\n<0>');
    complain('docketd: no room\\n  Free space.\\n');`,
    JOURNAL,
  );
  const lines = stderr.trimEnd().split('\n');
  expect(lines.map((line) => line.slice(0, 4))).toEqual(['<7>{', '<6>{', '<4>{', '<3>{', '<3>d', '<3> ']);
  for (const line of lines.slice(0, 4)) expect(JSON.parse(line.slice(3))).toMatchObject({ msg: '案件\n<0>' });
});

it('writes plain lines where standard error is not the stream that the journal gave to somebody else', async () => {
  const code = `import { complain, openLog } from ${JSON.stringify(sourceUrl('src/platform/index.ts'))};
    openLog('info', 'docketd').error('x');
    complain('docketd: no room\\n');`;
  const { stderr } = await runCode(code, ['env', 'JOURNAL_STREAM=8:1']);
  expect(stderr).toMatch(/^\{.*\}\ndocketd: no room\n$/);
});

it('writes JSON lines on stderr, the last one before the end too', async () => {
  const ended = await runCode(`import { openLog } from ${JSON.stringify(sourceUrl('src/platform/log.ts'))};
    const log = openLog('info', 'docketd');
    log.debug('not shown');
    log.warn('案件', { camera: 'DSJ-0001' });
    log.error('last');
    process.exit(3);`);
  expect([ended.status, ended.stdout]).toEqual([3, '']);
  const lines = ended.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([{ msg: '案件', camera: 'DSJ-0001', name: 'docketd' }, { msg: 'last' }]);
});
