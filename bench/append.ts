// Ledger entries appended one by one, each durable before the next: the commit point of every recorded item.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeEntry, parseStationName } from '../src/evidence/index.ts';
import { createLedger, openLedger } from '../src/ledger/index.ts';
import { systemClock } from '../src/platform/index.ts';
import { createStationKey } from '../src/seal/index.ts';
import { catalogEntries } from './catalog-data.ts';
import type { Context } from './context.ts';
import { atLeast, median, quantile, type Report } from './report.ts';

const ENTRIES = 10_000;
/** Bytes of one write of the comparison: a page of the ledger's log. */
const PAGE = Buffer.alloc(4096, 1);

/** Measures appending, and what the disk gives to a program that does nothing but write and fsync. */
export async function benchAppend({ folder, rounds, say }: Context): Promise<Report> {
  const ours: number[] = [];
  const disk: number[] = [];
  const slow: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const measures = [
      () => appendAll(folder, round, slow).then((rate) => ours.push(rate)),
      () => writeAll(folder, round).then((rate) => disk.push(rate)),
    ];
    for (const each of round % 2 === 1 ? measures : measures.toReversed()) await each();
    say(`round ${round}: ${ours.at(-1)?.toFixed(0)} appends/s, ${disk.at(-1)?.toFixed(0)} writes/s`);
  }
  return {
    name: 'append',
    title: 'ledger entries appended one by one, each durable before the next',
    lines: [
      atLeast('appends', median(ours), 2000, '/s', 0),
      { what: 'slowest of 100', value: `${quantile(slow, 0.99).toFixed(2)} ms` },
      { what: 'bare write of 4 KiB and fdatasync, for comparison', value: `${median(disk).toFixed(0)} /s` },
    ],
    notes: [`${ENTRIES} entries of a real shape, signed checkpoint included; median of ${rounds} rounds.`],
  };
}

async function appendAll(folder: string, round: number, slow: number[]): Promise<number> {
  const signer = await createStationKey(join(folder, `append-${round}.key`), parseStationName('bench'));
  const path = join(folder, `append-${round}.db`);
  await createLedger({ path, signer });
  const entries = [...catalogEntries({ items: ENTRIES, examined: 0 })]
    .slice(0, ENTRIES)
    .map(({ entry }) => encodeEntry(entry));
  await using ledger = await openLedger({ path, signer });
  const started = systemClock.elapsedMs();
  let before = started;
  for (const entry of entries) {
    ledger.append([entry]);
    const now = systemClock.elapsedMs();
    slow.push(now - before);
    before = now;
  }
  return (ENTRIES / (before - started)) * 1000;
}

async function writeAll(folder: string, round: number): Promise<number> {
  await using file = await open(join(folder, `pages-${round}`), 'wx');
  const started = systemClock.elapsedMs();
  for (let n = 0; n < ENTRIES; n += 1) {
    await file.write(PAGE, 0, PAGE.length, n * PAGE.length);
    await file.datasync();
  }
  return (ENTRIES / (systemClock.elapsedMs() - started)) * 1000;
}
