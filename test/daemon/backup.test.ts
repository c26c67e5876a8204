// A backup holds what the vault cannot give back: whole, secret, and enough to make the station again on another machine.
// Every restored station ends with a clean verification; every damaged backup is refused before anything is laid out.
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { backupStation } from '../../src/daemon/backup.ts';
import { placesOf } from '../../src/daemon/places.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { restoreStation } from '../../src/daemon/restore.ts';
import { askDaemon } from '../../src/daemon/socket.ts';
import type { EpochMs } from '../../src/evidence/index.ts';
import { openLedger } from '../../src/ledger/index.ts';
import { type Clock, readConfig, systemClock } from '../../src/platform/index.ts';
import { openStationKey } from '../../src/seal/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { startDaemon } from '../fault/services.ts';
import { copyStation, dock, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

let base: TempFolder;
let original: string;
let count = 0;

beforeAll(async () => {
  base = await makeTempFolder();
  original = await makeStation(base.at('original'));
  await dock(original, { path: card('早班', 3) });
  return () => base[Symbol.asyncDispose]();
});

function card(name: string, files: number): string {
  const folder = base.at('cards', name);
  mkdirSync(folder, { recursive: true });
  for (let k = 0; k < files; k += 1) writeFileSync(join(folder, `${name}-${k}.mp4`), `${name} ${k} `.repeat(1000));
  return folder;
}

/** A station of its own with one acquisition, and an empty folder for backups. */
function fresh(): { readonly config: string; readonly out: string; readonly folder: string } {
  count += 1;
  const folder = base.at(`station-${count}`);
  const out = base.at(`out-${count}`);
  mkdirSync(out);
  return { config: copyStation(original, folder), out, folder };
}

async function expectClean(config: string): Promise<void> {
  expect((await verify(config)).findings).toEqual([]);
}

describe('a backup', () => {
  it('made beside a docketd that records is of one moment, and only its owner may read it', async () => {
    const { config, out } = fresh();
    const read = await readConfig(config);
    {
      await using daemon = await startDaemon(config);
      const docking = [0, 1, 2, 3].map((k) =>
        askDaemon(
          placesOf(read).socket,
          'dock',
          { path: card(`beside-${k}`, 20), actor: 'x' },
          () => undefined,
          never(),
        ),
      );
      const open = new Set(docking);
      for (const each of docking) void each.finally(() => open.delete(each));
      for (let at: number = systemClock.now(); open.size > 0; at += 1000) await backupStation(read, out, fixed(at));
      await Promise.all(docking);
      expect((await daemon.stop()).code).toBe(0);
    }
    const sizes: number[] = [];
    for (const name of readdirSync(out).toSorted()) {
      const folder = join(out, name);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(folder))
        expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
      const signer = await openStationKey(join(folder, 'station.key'), read.station.name);
      await using ledger = await openLedger({ path: join(folder, 'ledger.db'), signer });
      sizes.push(ledger.size);
    }
    expect(new Set(sizes).size).toBeGreaterThan(1); // it did record meanwhile
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    await expectClean(config);
  });

  it('says what it does not hold, and that it lies on the same disk', async () => {
    const { config, out, folder } = fresh();
    const text = readFileSync(config, 'utf8').replace('[vault]', '[[vault]]');
    writeFileSync(
      config,
      `${text}\n[[vault]]\nkind = "s3"\nbucket = "evidence"\ncredentials_file = "s3.credentials"\nencryption = "customer"\ncustomer_key_file = "customer.key"\n`,
    );
    const made = await backupStation(await readConfig(config), out);
    expect(made.notIncluded).toEqual([
      expect.stringContaining(join(folder, 's3.credentials')) as string,
      expect.stringMatching(/customer\.key .*without it nothing there can be read/) as string,
    ]);
    expect(made.warnings).toEqual([expect.stringContaining('same disk') as string]);
    const readme = readFileSync(join(made.folder, 'README.txt'), 'utf8');
    for (const each of [...made.notIncluded, 'CAN SEAL IN THE NAME OF THIS STATION', 'docket restore'])
      expect(readme).toContain(each);
    expect(made.files).toEqual(readdirSync(made.folder).toSorted());
  });

  it('warns of one that was cut off beside it, and of a note that cannot be taken, and stands all the same', async () => {
    const { config, out, folder } = fresh();
    const read = await readConfig(config);
    mkdirSync(join(out, `.docket-tmp-00-docket-backup-${read.station.name}-19700101T000000Z`));
    mkdirSync(placesOf(read).lastBackup); // a folder stands where the note would
    const { warnings, folder: made } = await backupStation(read, out);
    expect(warnings).toEqual([
      expect.stringContaining('docket doctor will not know of it') as string,
      expect.stringContaining('19700101T000000Z is a backup that was cut off') as string,
      expect.stringContaining('same disk') as string,
    ]);
    rmSync(join(folder, 'station.key'));
    expect((await restoreStation({ backup: made, to: base.at(`cut-${count}`) })).vault.standing).toBe('away');
  });

  it('is never put over another, into the station, or where there is no folder', async () => {
    const { config, out, folder } = fresh();
    const read = await readConfig(config);
    const { folder: first } = await backupStation(read, out, fixed(0));
    const sums = readFileSync(join(first, 'SHA256SUMS'));
    const { folder: second } = await backupStation(read, out, fixed(0)); // within the same second
    expect(second).toBe(`${first}-2`);
    expect(readFileSync(join(first, 'SHA256SUMS'))).toEqual(sums);
    expect((await restoreStation({ backup: second, to: base.at(`second-${count}`) })).vault.standing).toBe('away');
    const before = readdirSync(out);
    for (const each of ['state', 'vault', 'vault/ledgers', 'inbox'])
      expect((await expectRejection('invalid', backupStation(read, join(folder, each)))).message).toContain(
        'of the station',
      );
    expect((await expectRejection('invalid', backupStation(read, join(out, 'nowhere')))).message).toContain(
      'mount the disk',
    );
    // Nobody may make a folder there, not even root.
    expect((await expectRejection('invalid', backupStation(read, '/sys/kernel'))).message).toMatch(
      new RegExp(
        `the user ${userInfo().username} may not write to /sys/kernel .*install -d -m 700 -o \\S+ /sys/kernel/docket;`,
      ),
    );
    expect(readdirSync(out)).toEqual(before);
    await expectClean(config);
  });

  it('is not made of a key of another station, or of a damaged ledger, and leaves nothing behind', async () => {
    const { config, out, folder } = fresh();
    const other = await makeStation(base.at(`other-${count}`));
    cpSync(join(folder, 'station.key'), join(folder, 'kept.key'));
    cpSync(join(dirname(other), 'station.key'), join(folder, 'station.key'));
    await expectRejection('key-foreign', backupStation(await readConfig(config), out));
    cpSync(join(folder, 'kept.key'), join(folder, 'station.key'));
    flip(join(folder, 'state/ledger.db'), 6000);
    await expectRejection('ledger-corrupt', backupStation(await readConfig(config), out));
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('a station that is lost with its machine', () => {
  it('comes back from an old backup and the vault that went on, and proves everything', async () => {
    const { config, out, folder } = fresh();
    const made = await backupStation(await readConfig(config), out);
    await dock(config, { path: card('晚班', 4) });
    const items = (await entriesOf(config, 'item.recorded')).length;
    const replacement = replaceMachine(folder);
    const restored = await restoreStation({ backup: made.folder, to: replacement });
    expect(restored).toMatchObject({ missing: [], vault: { standing: 'ahead' } });
    expect(restored.vault.size).toBeGreaterThan(restored.ledgerSize);
    expect(statSync(join(replacement, 'station.key')).mode & 0o777).toBe(0o600);
    await expectRejection('ledger-behind', openIt(restored.config));
    await rebuild(await readConfig(restored.config), { fromVault: true, actor: 'x' }, () => undefined, never());
    expect((await entriesOf(restored.config, 'item.recorded')).length).toBe(items);
    await dock(restored.config, { path: card('夜班', 2) });
    await expectClean(restored.config);
  });

  it('belongs to whom its folder belongs to, also when root restores it', async () => {
    const { config, out } = fresh();
    const made = await backupStation(await readConfig(config), out);
    const to = base.at(`given-${count}`);
    for (const each of ['vault/ledgers', 'lost+found']) mkdirSync(join(to, each), { recursive: true });
    const own = process.getuid?.() ?? 0;
    const other = own === 0 ? 65_534 : own; // only root can give away
    chownSync(to, other, other);
    const restored = await restoreStation({ backup: made.folder, to });
    expect(restored.owner).toBe(own === 0 ? 'nobody' : null);
    const owners = (name: string): number => statSync(join(to, name)).uid;
    const laid = ['docket.toml', 'station.key', 'state', 'state/ledger.db', 'state/ledger.db.sha256', 'inbox'];
    expect(laid.map(owners)).toEqual(laid.map(() => other));
    const kept = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) => owners(name) !== other);
    expect(new Set(kept)).toEqual(new Set(own === 0 ? ['lost+found', 'vault', 'vault/ledgers'] : []));
    expect((await restoreStation({ backup: made.folder, to: base.at(`own-${count}`) })).owner).toBe(null);
    await expectClean(config);
  });

  it('comes back at once from a backup of the last moment', async () => {
    const { config, out, folder } = fresh();
    const made = await backupStation(await readConfig(config), out);
    const restored = await restoreStation({ backup: made.folder, to: replaceMachine(folder) });
    expect(restored.vault).toEqual({ standing: 'current', size: restored.ledgerSize, why: null });
    await dock(restored.config, { path: card('noon', 2) });
    await expectClean(restored.config);
  });

  it('is told what is missing when its vault is not there, and records nothing until it is', async () => {
    const { config, out, folder } = fresh();
    const made = await backupStation(await readConfig(config), out);
    const to = base.at(`alone-${count}`);
    const restored = await restoreStation({ backup: made.folder, to });
    expect(restored.missing).toEqual([expect.stringContaining(join(to, 'vault')) as string]);
    expect(restored.vault).toMatchObject({
      standing: 'away',
      why: expect.stringContaining(join(to, 'vault')) as string,
    });
    renameSync(join(folder, 'vault'), join(to, 'vault'));
    await dock(restored.config, { path: card('later', 1) });
    await expectClean(restored.config);
  });
});

describe('restoring', () => {
  it('refuses a folder in which anything but the vault stands, and leaves it as it was', async () => {
    const { config, out, folder } = fresh();
    const made = await backupStation(await readConfig(config), out);
    const before = readFileSync(config, 'utf8');
    await expectRejection('station-exists', restoreStation({ backup: made.folder, to: folder }));
    expect(readFileSync(config, 'utf8')).toBe(before);
    await expectClean(config);
  });

  it.each(['station.key', 'docket.toml', 'ledger.db', 'ledger.db.sha256', 'public-key.txt', 'README.txt'])(
    'refuses a backup in which %s is damaged or missing, by its name, and lays nothing out',
    async (name) => {
      const { config, out } = fresh();
      const { folder } = await backupStation(await readConfig(config), out);
      const to = base.at(`damaged-${count}`);
      flip(join(folder, name), 40);
      expect((await expectRejection('digest-mismatch', restoreStation({ backup: folder, to }))).message).toContain(
        name,
      );
      rmSync(join(folder, name));
      expect((await expectRejection('digest-mismatch', restoreStation({ backup: folder, to }))).message).toContain(
        `${name} is missing`,
      );
      expect(existsSync(to)).toBe(false);
    },
  );

  it('takes back what it laid out when the key turns out to be of another station, so that the right backup can follow', async () => {
    const { config, out, folder } = fresh();
    const made = await backupStation(await readConfig(config), out);
    const forged = base.at(`forged-${count}`);
    cpSync(made.folder, forged, { recursive: true });
    const other = await makeStation(base.at(`other-${count}`));
    cpSync(join(dirname(other), 'station.key'), join(forged, 'station.key'));
    const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    const sums = readFileSync(join(forged, 'SHA256SUMS'), 'utf8');
    const exchanged = sums.replace(sum(join(made.folder, 'station.key')), sum(join(forged, 'station.key')));
    writeFileSync(join(forged, 'SHA256SUMS'), exchanged);
    const to = replaceMachine(folder);
    await expectRejection('key-foreign', restoreStation({ backup: forged, to }));
    expect(readdirSync(to)).toEqual(['vault']);
    const restored = await restoreStation({ backup: made.folder, to });
    await dock(restored.config, { path: card('after', 1) });
    await expectClean(restored.config);
  });

  it('refuses sums that are damaged, name less than a backup has, or are not there', async () => {
    const { config, out } = fresh();
    const { folder } = await backupStation(await readConfig(config), out);
    const sums = join(folder, 'SHA256SUMS');
    const text = readFileSync(sums, 'utf8');
    const to = base.at(`sums-${count}`);
    for (const wrong of [
      '',
      text.slice(0, -1),
      text.replace(/^.*station\.key\n/m, ''),
      text.replace('  station.key', '  ../station.key'),
    ]) {
      writeFileSync(sums, wrong);
      expect((await expectRejection('digest-mismatch', restoreStation({ backup: folder, to }))).message).toContain(
        'SHA256SUMS',
      );
    }
    rmSync(sums);
    expect((await expectRejection('invalid', restoreStation({ backup: folder, to }))).message).toContain('no backup');
    expect(existsSync(to)).toBe(false);
  });
});

function fixed(at: number): Clock {
  return { ...systemClock, now: () => at as EpochMs }; // a test may be at any hour
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** The machine is gone; its vault, on a disk of its own, is mounted where the new station will be. */
function replaceMachine(folder: string): string {
  const replacement = `${folder}-new`;
  mkdirSync(replacement);
  renameSync(join(folder, 'vault'), join(replacement, 'vault'));
  rmSync(folder, { recursive: true });
  return replacement;
}
