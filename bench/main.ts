// `npm run bench`: measures docket against what a user would use instead, and says which targets hold.
// Works in a folder of its own on a real disk and removes it; installs nothing; asserts nothing: the exit code says only whether it ran.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchAppend } from './append.ts';
import { benchCameras } from './cameras.ts';
import type { Context } from './context.ts';
import { benchDock } from './dock.ts';
import { describeMachine, loadNow } from './machine.ts';
import { benchMillion } from './million.ts';
import { missingPackages, type Program } from './programs.ts';
import { benchPull } from './pull.ts';
import { formatReport, type Report } from './report.ts';
import { benchS3 } from './s3.ts';
import { buildPrograms } from './station.ts';
import { benchVerify } from './verify.ts';

interface Bench {
  readonly run: (context: Context) => Promise<Report | readonly Report[]>;
  readonly needs: readonly Program[];
}

const BENCHES: Readonly<Record<string, Bench>> = {
  dock: { run: benchDock, needs: ['time', 'borg', 'openssl'] },
  pull: { run: benchPull, needs: ['time'] },
  verify: { run: benchVerify, needs: ['time', 'openssl'] },
  cameras: { run: benchCameras, needs: [] },
  s3: { run: benchS3, needs: ['time', 'rclone', 'aws'] },
  append: { run: benchAppend, needs: [] },
  million: { run: benchMillion, needs: [] },
};

const USAGE = `usage: npm run bench -- [--only NAME] [--rounds N] [--dir FOLDER] [--json]
  --only NAME    one of ${Object.keys(BENCHES).join(', ')}; may be given several times
  --rounds N     rounds of a comparison (3)
  --dir FOLDER   a folder on a real disk with 40 GiB free (/var/tmp)
  --json         results as JSON on stdout
`;

interface Wish {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly dir: string;
  readonly json: boolean;
}

function readWish(): Wish | undefined {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: Object.keys(BENCHES) },
        rounds: { type: 'string', default: '3' },
        dir: { type: 'string', default: '/var/tmp' },
        json: { type: 'boolean', default: false },
      },
    });
    const rounds = Number(values.rounds);
    const known = values.only.every((name) => Object.hasOwn(BENCHES, name));
    if (!known || !Number.isInteger(rounds) || rounds < 1) return undefined;
    return { names: values.only, rounds, dir: resolve(values.dir), json: values.json };
  } catch {
    return undefined; // the usage says what is allowed
  }
}

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

async function measure({ names, rounds, dir, json }: Wish): Promise<void> {
  const folder = await mkdtemp(join(dir, 'docket-bench-'));
  const leave = (): never => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, leave);
  try {
    await buildPrograms();
    const machine = await describeMachine(folder);
    if (!json) console.log(machine.map((each) => `- ${each}`).join('\n'));
    const reports: Report[] = [];
    for (const name of names) {
      say(`${name}, load ${loadNow().toFixed(1)}`);
      const found = [(await BENCHES[name]?.run({ folder, rounds, say })) ?? []].flat();
      reports.push(...found);
      if (!json) for (const each of found) console.log(`\n${formatReport(each)}`);
    }
    if (json) console.log(JSON.stringify({ machine, reports }, null, 2));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const wish = readWish();
if (wish === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const missing = missingPackages(wish.names.flatMap((name) => BENCHES[name]?.needs ?? []));
  if (missing.length === 0) await measure(wish);
  else {
    say(`programs to compare with are missing: apt-get install -y ${missing.join(' ')}`);
    process.exitCode = 2;
  }
}
