// Thousands of small files in a bucket: bounded memory, one version each, and a second docking that knows them all. With
// DOCKET_FAULTS=all ten thousand, also of those copied while the store is away.
import { rmSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { nodeArguments, run } from '../../fault/syscalls.ts';
import { openLine } from './line.ts';
import { dockAt, expectOnRecord, expectSound, layCard, makeOutpost } from './stations.ts';

const ALL = process.env['DOCKET_FAULTS'] === 'all';
const FILES = ALL ? 10_000 : 1000;
const FILES_WHILE_AWAY = ALL ? 10_000 : 200;
const SIZE = 2000;
/** With a heap this small, in MiB, what stays of each file would end the process; the rest is code, buffers and the catalog. */
const HEAP_MIB = 160;
const MAX_RSS_KIB = 400 * 1024;
const TIME_LIMIT_MS = 1_200_000;
const CASE = '沪盗罚〔2026〕3号';

it('small files of a case, by the thousand: all on record and known again, in bounded memory', {
  timeout: TIME_LIMIT_MS,
}, async () => {
  const outpost = await makeOutpost({ via: inject('s3'), server: inject('s3') });
  const { path, truth } = layCard(
    outpost,
    1,
    Array.from({ length: FILES }, () => SIZE),
  );
  const docking = nodeArguments(
    ['dock', path, '--case', CASE, '--json', '--config', outpost.config],
    ['./memory-preload.ts'],
  );
  const began = performance.now();
  const { code, stderr } = await run(process.execPath, docking, {
    environment: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
    limitMs: TIME_LIMIT_MS,
  });
  console.log(`${FILES} files in ${Math.round((performance.now() - began) / 1000)} s; ${/maxRSS.*/.exec(stderr)?.[0]}`);
  expect(code).toBe(0);
  expect(Number(/maxRSS (\d+) KiB/.exec(stderr)?.[1]), 'KiB of memory').toBeLessThan(MAX_RSS_KIB);
  await expectSound(outpost, truth);
});

it('thousands copied while the store is away drain when it is back', { timeout: TIME_LIMIT_MS }, async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await makeOutpost({ via: line.server, server: inject('s3') });
  const { path, truth } = layCard(
    outpost,
    2,
    Array.from({ length: FILES_WHILE_AWAY }, () => SIZE),
  );
  const other = layCard(outpost, 3, [SIZE]);
  await line.takeDown();
  const began = performance.now();
  const { files } = await dockAt(outpost, path);
  expect(files.filter(({ waiting }) => waiting !== true)).toEqual([]);
  rmSync(path, { recursive: true });
  await line.putUp();
  const copied = performance.now();
  expectOnRecord(await dockAt(outpost, other.path));
  const seconds = [copied - began, performance.now() - copied].map((ms) => Math.round(ms / 1000));
  console.log(`${FILES_WHILE_AWAY} files copied in ${seconds[0]} s without the store, drained in ${seconds[1]} s`);
  await expectSound(outpost, { ...truth, ...other.truth });
});
