// The machine a measurement was made on: without it the numbers say nothing.
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { formatInstant } from '../src/evidence/index.ts';
import { exists, systemClock } from '../src/platform/index.ts';

const EXT_MAGIC = 0xef53;

/** Facts of this machine, one sentence each. */
export async function describeMachine(folder: string): Promise<readonly string[]> {
  const type = (await statfs(folder)).type;
  const load = loadavg().map((each) => each.toFixed(1));
  const facts = [
    `${formatInstant(systemClock.now()).slice(0, 16)}Z, ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.versions.node}`,
    `measured in ${folder} (${type === EXT_MAGIC ? 'ext4' : `file system type 0x${type.toString(16)}`}); load at the start ${load.join(' ')}`,
  ];
  if (await givesMemoryBack())
    facts.push(
      'this virtual machine gives freed memory back to its host: every page of a copy is paid for with a fault, by everybody alike',
    );
  return facts;
}

async function givesMemoryBack(): Promise<boolean> {
  const parameters = '/sys/module/page_reporting/parameters/reported_kib';
  return (await exists(parameters)) && Number(await readFile(parameters, 'utf8')) > 0;
}

/** Load of the last minute: what else the machine does. */
export function loadNow(): number {
  return loadavg()[0] ?? Number.NaN;
}
