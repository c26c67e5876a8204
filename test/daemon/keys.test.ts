// The key of a station is replaced: nothing is sealed with the old one afterwards, everything from before stays proven, and whoever has the
// first key line, the vault and a backup gets a whole station again. Every way ends with a clean verification.
import { execFile } from 'node:child_process';
import {
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
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReplacedKey } from '../../src/cli/index.ts';
import type { VerifyResult } from '../../src/custody/index.ts';
import { backupStation } from '../../src/daemon/backup.ts';
import { checkBackup, checkKey } from '../../src/daemon/doctor-station.ts';
import { showKeys } from '../../src/daemon/keys-view.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { replaceKey } from '../../src/daemon/replace-key.ts';
import { restoreStation } from '../../src/daemon/restore.ts';
import { openStation } from '../../src/daemon/station.ts';
import { tileStoreOf } from '../../src/daemon/tiles.ts';
import { verifyOutside } from '../../src/daemon/verify-outside.ts';
import { formatInstant, formatKeyLine } from '../../src/evidence/index.ts';
import { dockFolder, openReplicator } from '../../src/ingest/index.ts';
import { readConfig, silentLog } from '../../src/platform/index.ts';
import { openStationKey } from '../../src/seal/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from '../fault/places.ts';
import { startDaemon } from '../fault/services.ts';
import { ACTOR, copyStation, dock, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';
import { expectClean, expectOnce } from '../fault/whole.ts';

const CASE = '沪盗罚〔2026〕3号';
const OLD = { 'a.mp4': bytesOf(1, 5000), 'b.mp4': bytesOf(2, 9000) };
const NEW = { 'c.mp4': bytesOf(3, 7000) };
const TRUTH = Object.fromEntries(Object.entries({ ...OLD, ...NEW }).map(([name, bytes]) => [name, sha256Of(bytes)]));

let place: string;
let template: string;
let count = 0;
let config: string;
let out: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  layOut(join(place, 'old'), OLD);
  layOut(join(place, 'new'), NEW);
  layOut(join(place, 'third'), { 'd.mp4': bytesOf(4, 100) });
  template = await makeStation(join(place, 'template'));
  await dock(template, { path: join(place, 'old'), case: CASE });
});

beforeEach(() => {
  count += 1;
  config = copyStation(template, join(place, `station-${count}`));
  out = join(place, `out-${count}`);
  mkdirSync(out);
});

const at = (name: string): string => join(config, '..', name);

async function replace(backup: string | null = out): Promise<ReplacedKey> {
  const request = { reason: '例行更换', backup: backup ?? undefined, actor: '李伟' };
  return await replaceKey(await readConfig(config), request, () => undefined, never());
}

async function goOn(): Promise<void> {
  await dock(config, { path: join(place, 'new'), case: CASE });
  await expectOnce(config, TRUTH);
  await expectClean(config);
}

describe('a replaced key', () => {
  it('is in force from the next entry on, is in the backup made before, and everything verifies from the first key', async () => {
    const before = readFileSync(at('station.key'));
    const first = (await readConfig(config)).station.public_key;
    const done = await replace();
    expect(done).toMatchObject({ resumed: false, reason: '例行更换', verified: { ok: true } });
    expect(existsSync(at('station.key.next'))).toBe(false);
    expect(readFileSync(at('station.key')).equals(before)).toBe(false);
    expect(statSync(at('station.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(done.backup ?? '', 'station.key.next'))).toEqual(readFileSync(at('station.key')));
    await goOn();
    const [entry] = await entriesOf(config, 'key.replaced');
    expect(entry).toMatchObject({ old: done.old, new: done.new, actor: { kind: 'person', name: '李伟' } });
    const { keys, keyLine } = await showKeys(await readConfig(config));
    expect(keyLine).toBe(done.old);
    expect(keys?.map(({ keyLine: line, from, to }) => [line, from, to])).toEqual([
      [done.old, 0, done.index],
      [done.new, done.index + 1, null],
    ]);
    const { publicKey } = await openStationKey(at('station.key'), (await readConfig(config)).station.name);
    expect(publicKey.equals(first.publicKey)).toBe(false);
  });

  it('is checked with openssl alone, as FORMAT.md says', async () => {
    const done = await replace();
    const text = readFileSync(join(import.meta.dirname, '../../FORMAT.md'), 'utf8');
    const recipe = /^Check both signatures of one without docket.*?\n```\n(.*?)```/ms.exec(text)?.[1] ?? '';
    const { keys, station } = await showKeys(await readConfig(config));
    cpSync(at(`vault/ledgers/${station}/keys/1.tlog-proof`), join(out, '1.tlog-proof'));
    for (const [k, name] of ['old', 'new'].entries()) writeFileSync(join(out, `${name}.pem`), keys?.[k]?.pem ?? '');
    const said = (await promisify(execFile)('sh', ['-ec', recipe], { cwd: out })).stdout;
    expect(said.match(/Signature Verified Successfully/g)).toHaveLength(2);
    expect(said).toContain(`"new":"${done.new}"`);
    writeFileSync(join(out, 'old.pem'), keys?.[1]?.pem ?? '');
    await expect(promisify(execFile)('sh', ['-ec', recipe], { cwd: out })).rejects.toThrow();
  });

  it('is replaced again, and again', async () => {
    for (const k of [1, 2, 3]) {
      mkdirSync(join(out, String(k)));
      expect((await replace(join(out, String(k)))).verified.findings).toEqual([]);
    }
    expect((await showKeys(await readConfig(config))).keys).toHaveLength(4);
    await goOn();
  });

  it('is not replaced without a backup that holds the new one, nor beside a docketd, and nothing has changed then', async () => {
    await expectRejection('key-unsaved', replace(null));
    const waiting = readFileSync(at('station.key.next'));
    await backupStation(await readConfig(template), out); // of another station
    await expectRejection('key-unsaved', replace(null));
    {
      await using daemon = await startDaemon(config);
      await expect(replace()).rejects.toMatchObject({
        code: 'station-locked',
        message: expect.stringMatching(/docketd.*systemctl stop docketd/) as string,
      });
      expect((await daemon.stop()).code).toBe(0);
    }
    expect(await entriesOf(config, 'key.replaced')).toEqual([]);
    await expectClean(config);
    const { backup } = await replace();
    expect(readFileSync(at('station.key'))).toEqual(waiting); // the same key all along
    expect(readdirSync(out).map((each) => join(out, each))).toContain(backup);
    await goOn();
  });

  it('waits for what is sealed and not yet on record', async () => {
    renameSync(at('vault'), at('away'));
    await dock(config, { path: join(place, 'new'), case: CASE }).catch(() => undefined);
    await expectRejection('vault-unreachable', replace());
    renameSync(at('away'), at('vault'));
    expect((await replace()).verified.findings).toEqual([]);
    await goOn();
  });

  it('is served by a docketd that starts after it', async () => {
    await replace();
    {
      await using daemon = await startDaemon(config);
      expect((await daemon.stop()).code).toBe(0);
    }
    await goOn();
  });
});

describe('a replacement that was cut off', () => {
  it('after it was committed, is finished by whatever opens the station next', async () => {
    const half = await halfReplaced();
    const { keys } = await showKeys(await readConfig(half));
    expect(keys).toHaveLength(2);
    expect((await checkKey(await readConfig(half))).map(({ check, state }) => [check, state])).toEqual([
      ['key', 'ok'],
      ['key replacement', 'warn'],
    ]);
    expect((await verify(half)).findings).toEqual([]);
    config = half;
    await goOn();
    expect(existsSync(at('station.key.next'))).toBe(false);
  });

  it('is finished and not begun again by the same command', async () => {
    config = await halfReplaced();
    expect(await replace()).toMatchObject({ resumed: true, backup: null, verified: { ok: true } });
    expect(await entriesOf(config, 'key.replaced')).toHaveLength(1);
    await goOn();
  });

  it('does not let a docketd record before it is published', async () => {
    config = await halfReplaced();
    renameSync(at('vault'), at('away'));
    await expectRejection('vault-unreachable', openIt(config));
    renameSync(at('away'), at('vault'));
    await goOn();
  });

  it('before it was committed, leaves a station that works with the old key', async () => {
    await expectRejection('key-unsaved', replace(null));
    await dock(config, { path: join(place, 'third') });
    await expectClean(config);
    expect((await replace()).verified.findings).toEqual([]);
  });

  /** Committed, and nothing of what comes after it. */
  async function halfReplaced(): Promise<string> {
    await expectRejection('key-unsaved', replace(null));
    await backupStation(await readConfig(config), out);
    await using station = await openIt(config);
    const { signer, recorder, clock } = station.ports;
    const next = await openStationKey(at('station.key.next'), station.config.station.name);
    const lines = { old: formatKeyLine(signer), new: formatKeyLine(next), reason: '例行更换' };
    recorder.handOver({ v: 1, kind: 'key.replaced', at: formatInstant(clock.now()), actor: ACTOR, ...lines }, next);
    return config;
  }
});

describe('whoever has the old key', () => {
  it('seals nothing any more: a manifest and a statement of it are named', async () => {
    const old = readFileSync(at('station.key'));
    const name = (await readConfig(config)).station.name;
    writeFileSync(join(out, 'old.key'), old, { mode: 0o600 });
    await replace();
    const thief = await openStationKey(join(out, 'old.key'), name);
    {
      await using station = await openIt(config);
      const order = { path: join(place, 'new'), case: CASE, actor: ACTOR };
      await dockFolder({ ...station.ports, signer: thief }, order, () => undefined, never());
    }
    const { findings } = await verify(config);
    expect(findings.map(({ code, where }) => [code, where.split('/')[0]])).toContainEqual([
      'signature-invalid',
      'manifests',
    ]);
    expect((await verify(config, { case: CASE })).findings.map(({ code }) => code)).toContain('signature-invalid');
  });

  it('does not open the station', async () => {
    const old = readFileSync(at('station.key'));
    const { old: was } = await replace();
    writeFileSync(at('station.key'), old, { mode: 0o600 });
    await expectRejection('key-foreign', openIt(config));
    expect((await verify(config)).findings.map(({ code }) => code)).toEqual(['key-foreign']);
    const [line] = await checkKey(await readConfig(config));
    expect(line).toMatchObject({
      check: 'key',
      state: 'fail',
      what: expect.stringContaining('in force since') as string,
    });
    expect(was).toContain('docket/');
  });
});

describe('a station that is brought back', () => {
  const bringBack = async (backup: string): Promise<string> => {
    const to = join(place, `back-${count}`);
    mkdirSync(to);
    cpSync(at('vault'), join(to, 'vault'), { recursive: true });
    const restored = await restoreStation({ backup, to });
    expect(restored.vault.standing).toBe('ahead');
    await rebuild(await readConfig(restored.config), { fromVault: true, actor: 'IT' }, () => undefined, never());
    return restored.config;
  };

  it('from the backup that the replacement demanded goes on under the new key', async () => {
    const { backup, new: line } = await replace();
    await dock(config, { path: join(place, 'third') });
    config = await bringBack(backup ?? '');
    expect((await showKeys(await readConfig(config))).keys?.at(-1)?.keyLine).toBe(line);
    expect(existsSync(at('station.key.next'))).toBe(false);
    expect((await verify(config)).findings).toEqual([]);
    await dock(config, { path: join(place, 'new') });
    await expectClean(config);
  });

  it('from a backup made after it holds all public keys, and needs nothing older', async () => {
    await replace();
    const later = join(out, 'later');
    mkdirSync(later);
    const { folder } = await backupStation(await readConfig(config), later);
    const lines = readFileSync(join(folder, 'public-key.txt'), 'utf8').match(/^docket\/.*$/gm);
    expect(lines).toEqual((await showKeys(await readConfig(config))).keys?.map(({ keyLine }) => keyLine));
    await dock(config, { path: join(place, 'third') });
    config = await bringBack(folder);
    await expectClean(config);
  });

  it('from a backup made before it does not go on, and says which key is missing', async () => {
    const { folder } = await backupStation(await readConfig(config), out);
    const later = join(out, 'later');
    mkdirSync(later);
    await replace(later);
    await expect(bringBack(folder)).rejects.toMatchObject({
      code: 'key-foreign',
      message: expect.stringContaining('put it back from a backup') as string,
    });
  });

  it('after its head was lost finds its keys in the vault', async () => {
    await replace();
    await dock(config, { path: join(place, 'third') });
    for (const each of readdirSync(at('state'))) if (each.startsWith('ledger.db')) rmSync(at(`state/${each}`));
    expect((await verify(config)).findings.map(({ code }) => code)).toContain('head-missing');
    expect((await verify(config)).findings.map(({ code }) => code)).not.toContain('key-foreign');
    await rebuild(await readConfig(config), { fromVault: true, actor: 'IT' }, () => undefined, never());
    await expectClean(config);
  });

  it('counts only a backup that holds the key in force', async () => {
    await replace();
    expect(await checkBackup(await readConfig(config))).toMatchObject([{ check: 'backup', state: 'ok' }]);
    const note = JSON.parse(readFileSync(at('state/last-backup.json'), 'utf8')) as { keys: string[] }; // as backup writes it
    writeFileSync(at('state/last-backup.json'), JSON.stringify({ ...note, keys: note.keys.slice(0, 1) }));
    expect(await checkBackup(await readConfig(config))).toMatchObject([{ check: 'backup', state: 'fail' }]);
  });
});

describe('somebody with the first public key and the vault, and nothing else', () => {
  const outside = async (publicKey: string, quick = false): Promise<VerifyResult> => {
    const vault = { vault: join(place, `copied-${count}`) };
    rmSync(vault.vault, { recursive: true, force: true });
    cpSync(at('vault'), vault.vault, { recursive: true });
    return await verifyOutside({ publicKey, vault, quick }, () => undefined, never());
  };

  it('verifies all of it, before and after the key was replaced', async () => {
    const { keyLine } = await showKeys(await readConfig(config));
    expect((await outside(keyLine)).findings).toEqual([]);
    const { backup } = await replace();
    await dock(config, { path: join(place, 'new'), case: CASE });
    for (const quick of [false, true]) {
      const { ok, checked } = await outside(join(backup ?? '', 'public-key.txt'), quick);
      expect([ok, checked['items'], checked['statements']]).toEqual([true, 3, 5]);
    }
  });

  it('notices what was altered, taken away, or signed by somebody else', async () => {
    const { keyLine } = await showKeys(await readConfig(config));
    await replace();
    const codes = async (key = keyLine): Promise<string[]> => (await outside(key)).findings.map(({ code }) => code);
    const payload = readdirSync(at('vault/payload'), { recursive: true, withFileTypes: true }).find((each) =>
      each.isFile(),
    );
    const kept = join(payload?.parentPath ?? '', payload?.name ?? '');
    renameSync(kept, join(place, `kept-${count}`));
    expect(await codes()).toEqual(['payload-missing']);
    renameSync(join(place, `kept-${count}`), kept);
    const newest = (await showKeys(await readConfig(config))).keys?.at(-1)?.keyLine ?? '';
    expect(await codes(newest)).toContain('handover-altered'); // a later key is not the first
    const other = await showKeys(await readConfig(await makeStation(join(place, `other-${count}`))));
    expect(await codes(other.keyLine)).toContain('checkpoint-missing');
    await expectRejection('invalid', outside('docket/nobody'));
  });
});

describe('of three vaults', () => {
  it('one that was away during the replacement is filled afterwards, with the handover and statements of the old key', async () => {
    const text = readFileSync(config, 'utf8').replace('[vault]', '[[vault]]');
    const more = ['second', 'third'].map(
      (name) => `[[vault]]\nname = "${name}"\nkind = "directory"\npath = "${name}"\n`,
    );
    writeFileSync(config, text.replace('[media]', `${more.join('\n')}\n[copies]\nrequired = 2\n\n[media]`));
    for (const name of ['second', 'third']) mkdirSync(at(name));
    await fill();
    expect((await verify(config)).findings).toEqual([]);
    renameSync(at('second'), at('gone'));
    const late = layOut(join(place, `late-${count}`), { 'e.mp4': bytesOf(5, 300) });
    await dock(config, { path: late, case: CASE });
    const { findings } = (await replace()).verified;
    expect(findings.map(({ what }) => what).join()).toMatch(/second/); // away, and told so
    await dock(config, { path: join(place, 'new'), case: CASE });
    renameSync(at('gone'), at('second'));
    // It lags, under a checkpoint of the old key, and nothing is wrong with it otherwise.
    const codes = new Set((await verify(config)).findings.map(({ code }) => code));
    expect([...codes].toSorted()).toEqual(['checkpoint-behind', 'copy-missing']);
    await fill();
    expect((await verify(config)).findings).toEqual([]);
    expect(readdirSync(at('second/ledgers'), { recursive: true }).map(String)).toContainEqual(
      expect.stringMatching(/keys\/1\.tlog-proof$/) as string,
    );
  });

  async function fill(): Promise<void> {
    const read = await readConfig(config);
    await using station = await openStation(read, { log: silentLog, command: 'test', waitMs: 0 });
    const { ports } = station;
    const replicator = await openReplicator({
      ...ports,
      tilesOf: (vault) => tileStoreOf(vault, ports.station),
      marksPath: at('state/copies.json'),
      workFolder: at('state'),
      reserveBytes: 0,
    });
    await replicator.run(never());
    await ports.publisher.publish();
    await replicator.run(never());
  }
});
