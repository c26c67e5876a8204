// A commit that fails: nothing changed when that is certain, and "unknown" with a look at the file when it is not.
import { expect, test } from 'vitest';
import { removeMark } from '../../src/ledger/head-mark.ts';
import { openChecked, openHeadFile } from '../../src/ledger/head-open.ts';
import { HeadWriter } from '../../src/ledger/head-writer.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { SqlDatabase, SqlStatement } from '../../src/ledger/sqlite.ts';
import { type Bench, entryOf, grow, makeBench } from './station.ts';

/** When a statement is to fail, and how. */
interface Fault {
  statement: RegExp;
  code: string;
  /** The statement takes effect and fails all the same. */
  happened: boolean;
  armed: boolean;
}

/** A real database whose statements fail when told to; a failed COMMIT is rolled back, as SQLite does. */
function withFault(real: SqlDatabase, fault: Fault): SqlDatabase {
  const fail = (): never => {
    fault.armed = false;
    throw Object.assign(new Error('injected'), { code: fault.code });
  };
  const prepare = (sql: string): SqlStatement => {
    const statement = real.prepare(sql);
    const run = (...values: unknown[]): { readonly changes: number } => {
      if (!fault.armed || !fault.statement.test(sql)) return statement.run(...values);
      if (fault.happened) statement.run(...values);
      else if (sql === 'COMMIT') real.exec('ROLLBACK');
      return fail();
    };
    return { run, get: (...values) => statement.get(...values), all: (...values) => statement.all(...values) };
  };
  return {
    prepare,
    get inTransaction() {
      return real.inTransaction;
    },
    exec: (sql) => real.exec(sql),
    pragma: (sql, options) => real.pragma(sql, options),
    serialize: () => real.serialize(),
    close: () => real.close(),
  };
}

async function openWithFault(bench: Bench, fault: Fault): Promise<Ledger> {
  const { database: looking, checked } = await openChecked(bench.path, bench.signer);
  looking.close();
  await removeMark(bench.path);
  const database = withFault(await openHeadFile(bench.path, 'write'), fault);
  return new Ledger(new HeadWriter(bench.path, database), bench.signer, checked);
}

async function makeGrown(): Promise<Bench> {
  const bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 260);
  return bench;
}

test.each([
  ['INSERT', 'SQLITE_FULL', 'spool-full'],
  ['BEGIN', 'SQLITE_BUSY', 'station-locked'],
  ['UPDATE', 'SQLITE_IOERR_READ', 'disk-failed'],
  ['COMMIT', 'SQLITE_FULL', 'spool-full'],
])('a %s that fails with %s changes nothing, says %s, and the ledger goes on', async (statement, code, expected) => {
  await using bench = await makeGrown();
  const fault: Fault = { statement: new RegExp(`^${statement}`), code, happened: false, armed: true };
  const ledger = await openWithFault(bench, fault);
  const { checkpoint } = ledger;
  expect(() => ledger.append([entryOf(260)])).toThrow(expect.objectContaining({ code: expected }));
  expect(ledger.checkpoint).toBe(checkpoint);
  grow(ledger, 600);
  await ledger.close();
  await using again = await bench.open();
  expect(again.size).toBe(600);
});

test.each([
  ['SQLITE_IOERR_FSYNC', false],
  ['SQLITE_IOERR_FSYNC', true],
  ['SQLITE_FULL', true],
  ['SQLITE_IOERR_WRITE', false],
])(
  'a COMMIT that fails with %s (took effect: %s) is unknown: nothing more is written, and opening again tells',
  async (code, happened) => {
    await using bench = await makeGrown();
    const ledger = await openWithFault(bench, { statement: /^COMMIT/, code, happened, armed: true });
    expect(() => ledger.append([entryOf(260)])).toThrow(expect.objectContaining({ code: 'ledger-unknown' }));
    expect(() => ledger.append([entryOf(260)])).toThrow(expect.objectContaining({ code: 'ledger-unknown' }));
    expect(() => ledger.size).toThrow(expect.objectContaining({ code: 'ledger-unknown' }));
    await expect(ledger.publish(bench.store)).rejects.toMatchObject({ code: 'ledger-unknown' });
    await ledger.close();
    await using again = await bench.open();
    expect(again.size).toBe(happened ? 261 : 260);
    grow(again, 700);
  },
);
