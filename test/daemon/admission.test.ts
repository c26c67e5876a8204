// Where the system mounts for a station: docketd says whom it may mount, and puts on record, once for each plug, whom it did not.
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openUseCases } from '../../src/daemon/local.ts';
import { readConfig } from '../../src/platform/index.ts';
import { type Daemon, startDaemon } from '../fault/services.ts';
import { entriesOf, makeStation, verify } from '../fault/stations.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

let machine: TempFolder;
let config: string;

beforeEach(async () => {
  machine = await makeTempFolder();
  for (const each of ['run/admission', 'run/refused']) mkdirSync(machine.at(each), { recursive: true });
  config = await makeStation(machine.at('station'));
  writeFileSync(config, readFileSync(config, 'utf8').replace('unknown = "allow"', 'unknown = "refuse"'));
  vi.stubEnv('DOCKET_MOUNTS', machine.at('run'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await machine[Symbol.asyncDispose]();
});

const list = (): string => readFileSync(machine.at('run/admission/list'), 'utf8');

async function register(...serials: readonly string[]): Promise<void> {
  await using useCases = openUseCases(await readConfig(config));
  for (const serial of serials) await useCases.addCamera({ serial, actor: 'tester' });
}

async function unregister(serial: string): Promise<void> {
  await using useCases = openUseCases(await readConfig(config));
  await useCases.removeCamera({ serial, actor: 'tester' });
}

/** A note as systemd/camera-mount writes it. */
function refuse(volume: string, facts: Readonly<Record<string, string>>): void {
  const all = { cause: 'unknown', reason: 'camera ST99 is not registered', plug: '1-17', serial: 'ST99', ...facts };
  const lines = ['docket refusal 1', ...Object.entries(all).map(([key, value]) => `${key} ${value}`), ''];
  mkdirSync(dirname(machine.at('run/refused', volume)), { recursive: true });
  writeFileSync(machine.at('run/refused', volume), lines.join('\n'));
}

/** Stops the daemon in order, so that all it heard of is done. */
async function refusals(daemon: Daemon): Promise<readonly (string | undefined)[]> {
  expect(await daemon.stop()).toMatchObject({ code: 0 });
  return (await entriesOf(config, 'camera.refused')).map(({ camera }) => camera.serial);
}

const NOT_MOUNTED = /"code":"camera-unknown".*"msg":"a camera was not mounted"/;

describe('the list of admitted cameras', () => {
  it('is written at the start, for docketd\u2019s group to read', async () => {
    await register('BC01');
    await using _ = await startDaemon(config);
    expect(list()).toBe('docket admission 1\nunknown refuse\nserial BC01\n');
    expect(statSync(machine.at('run/admission/list')).mode & 0o777).toBe(0o640);
  });

  it('follows the register before the command has its answer', async () => {
    await using _ = await startDaemon(config);
    await register('BC02', '执法 01');
    expect(list()).toBe('docket admission 1\nunknown refuse\nserial BC02\nserial 执法 01\n');
    await unregister('BC02');
    expect(list()).toBe('docket admission 1\nunknown refuse\nserial 执法 01\n');
  });

  it('says after a reload that unknown cameras are taken', async () => {
    await using daemon = await startDaemon(config);
    writeFileSync(config, readFileSync(config, 'utf8').replace('unknown = "refuse"', 'unknown = "allow"'));
    process.kill(daemon.pid, 'SIGHUP');
    await vi.waitFor(() => expect(list()).toBe('docket admission 1\nunknown allow\n'), { timeout: 15_000 });
  });

  it('says that registered cameras are cleared, where the station does that', async () => {
    await register('BC01');
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n[release]\nenabled = true\n`);
    await using _ = await startDaemon(config);
    expect(list()).toBe('docket admission 1\nunknown refuse\nclear registered\nserial BC01\n');
  });

  it('that cannot be written is a problem, and does not keep a station from starting', async () => {
    rmSync(machine.at('run/admission'), { recursive: true });
    await using daemon = await startDaemon(config);
    await daemon.says(/the system does not learn which cameras it may mount/);
    expect(await daemon.stop()).toMatchObject({ code: 0 });
  });

  it('is nothing to a station that mounts are made for by others', async () => {
    vi.stubEnv('DOCKET_MOUNTS', '');
    refuse('sdb1', {});
    await using daemon = await startDaemon(config);
    expect(await refusals(daemon)).toEqual([]);
    expect(() => list()).toThrow('ENOENT');
  });
});

describe('a camera that was not mounted', () => {
  it('is on record, in the status and in the log', async () => {
    await using daemon = await startDaemon(config);
    refuse('sdb1', { vendor: '0781', product: '5567', model: 'Stick', uuid: '1234-ABCD', label: 'A\\x20B' });
    await daemon.says(NOT_MOUNTED);
    await using useCases = openUseCases(await readConfig(config));
    const { problems } = await useCases.status();
    expect(problems.map(({ what }) => what)).toContain(
      'a camera was not mounted: camera ST99 is not registered; nothing was copied',
    );
    expect(await refusals(daemon)).toEqual(['ST99']);
    expect(await entriesOf(config, 'camera.refused')).toMatchObject([
      {
        actor: { kind: 'station' },
        reason: 'camera ST99 is not registered',
        camera: { vendorId: '0781', productId: '5567', model: 'Stick', volume: { uuid: '1234-ABCD', label: 'A B' } },
      },
    ]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('is one refusal with two volumes, and another one when it is plugged in again', async () => {
    await using daemon = await startDaemon(config);
    refuse('sdb1', {});
    refuse('sdc1', {});
    await daemon.says(NOT_MOUNTED);
    rmSync(machine.at('run/refused/sdb1'));
    rmSync(machine.at('run/refused/sdc1'));
    refuse('sdb1', { plug: '1-18' });
    await daemon.says(/("msg":"a camera was not mounted"[^]*){2}/);
    expect(await refusals(daemon)).toEqual(['ST99', 'ST99']);
  });

  it('is not refused once more when docketd starts again beside it', async () => {
    refuse('sdb1', {});
    {
      await using daemon = await startDaemon(config);
      await daemon.says(NOT_MOUNTED);
      expect(await refusals(daemon)).toEqual(['ST99']);
    }
    await using daemon = await startDaemon(config);
    await daemon.says(/the system did not mount a volume/);
    expect(await refusals(daemon)).toEqual(['ST99']);
  });

  it('is refused although an earlier plug of it is on record', async () => {
    refuse('sdb1', {});
    utimesSync(machine.at('run/refused/sdb1'), 1, 1);
    {
      await using daemon = await startDaemon(config);
      await daemon.says(NOT_MOUNTED);
      expect(await refusals(daemon)).toEqual(['ST99']);
    }
    refuse('sdb1', { plug: '1-19' });
    await using daemon = await startDaemon(config);
    await daemon.says(NOT_MOUNTED);
    expect(await refusals(daemon)).toEqual(['ST99', 'ST99']);
  });

  it('that is registered by now is not refused: the system mounts it', async () => {
    await register('ST99');
    await using daemon = await startDaemon(config);
    refuse('sdb1', {});
    refuse('sdc1', { serial: 'ST98', plug: '1-20' });
    await daemon.says(/ST98 is not registered/);
    expect(await refusals(daemon)).toEqual(['ST98']);
  });

  it('because its card is damaged is told, and is no refusal on record', async () => {
    await register('ST99');
    await using daemon = await startDaemon(config);
    refuse('sdb1', { cause: 'failed', reason: 'its file system, vfat, does not mount' });
    await daemon.says(/its file system, vfat, does not mount.*"msg":"the card of camera ST99 was not mounted"/);
    expect(await refusals(daemon)).toEqual([]);
  });

  it('because it can type is on record, whoever registered its serial, and once', async () => {
    const keyboard = { cause: 'keyboard', reason: 'it is a keyboard too' };
    await using daemon = await startDaemon(config);
    refuse('sdb1', {});
    refuse('sdc1', {});
    await daemon.says(NOT_MOUNTED);
    await register('ST99');
    refuse('sdb1', keyboard);
    await daemon.says(/"code":"camera-keyboard".*"msg":"a camera was not mounted"/);
    refuse('sdc1', keyboard);
    await daemon.says(/("note":"[^"]*sdc1"[^]*){2}/);
    expect(await refusals(daemon)).toEqual(['ST99', 'ST99']);
    expect((await entriesOf(config, 'camera.refused'))[1]).toMatchObject({ reason: 'it is a keyboard too' });
    expect((await verify(config)).findings).toEqual([]);
  });

  it.each([
    ['no note', 'root:x:0:0\n'],
    ['half a note', 'docket refusal 1\ncause unknown\n'],
    ['a note of another kind', 'docket refusal 1\ncause other\nreason x\n'],
  ])('is not read from %s', async (_, text) => {
    writeFileSync(machine.at('run/refused/sdb1'), text);
    refuse('sdc1', {});
    await using daemon = await startDaemon(config);
    await daemon.says(NOT_MOUNTED);
    expect(await refusals(daemon)).toEqual(['ST99']);
  });
});
