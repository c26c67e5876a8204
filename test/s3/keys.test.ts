// A station whose vault is a bucket replaces its key: the handover is locked there like evidence, an empty machine finds the key in force again,
// whatever was laid over it, and somebody with the first public key and the right to read verifies it all.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { showKeys } from '../../src/daemon/keys-view.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { replaceKey } from '../../src/daemon/replace-key.ts';
import { verifyOutside } from '../../src/daemon/verify-outside.ts';
import { readConfig } from '../../src/platform/index.ts';
import { bytesOf, layOut } from '../fault/places.ts';
import { dock, never, verify } from '../fault/stations.ts';
import { Attacker, fillStation, loseState, makeBucketStation } from './archives.ts';
import { addressOf, writeCredentials } from './stores.ts';

const TIMEOUT_MS = 240_000;

it.each([
  ['a delete marker', 'object-hidden'],
  ['a newer version', 'object-overlaid'],
] as const)('finds its keys again though %s lies over the handover', { timeout: TIMEOUT_MS }, async (cover, code) => {
  const station = await makeBucketStation();
  await fillStation(station, 3);
  const kept = join(station.folder, 'kept');
  mkdirSync(kept);
  const read = await readConfig(station.config);
  const request = { reason: '例行更换', backup: kept, actor: '李伟' };
  const done = await replaceKey(read, request, () => undefined, never());
  expect(done.verified.findings).toEqual([]);
  await dock(station.config, { path: layOut(join(station.folder, 'third'), { 'e.mp4': bytesOf(5, 900) }) });
  expect((await verify(station.config)).findings).toEqual([]); // the lock of the handover among the rest

  using attacker = new Attacker(station.bucket);
  const handover = `ledgers/${station.station}/keys/1.tlog-proof`;
  expect(await attacker.keys()).toContain(handover);
  await (cover === 'a delete marker' ? attacker.hide(handover) : attacker.overlay(handover, '偷换'));
  await loseState(station);
  await rebuild(read, { fromVault: true, actor: 'tester' }, () => undefined, never());
  expect((await showKeys(read)).keys?.map(({ keyLine }) => keyLine)).toEqual([done.old, done.new]);
  const named = [{ code, where: handover }];
  expect((await verify(station.config)).findings).toMatchObject(named);

  const vault = addressOf(station.bucket, writeCredentials(kept, inject('s3station')));
  const outside = await verifyOutside({ publicKey: done.old, vault, quick: true }, () => undefined, never());
  expect(outside.findings).toMatchObject(named);
  expect(outside.checked['items']).toBe(5);
});

it('names a handover that was deleted past its lock', { timeout: TIMEOUT_MS }, async () => {
  const station = await makeBucketStation();
  await fillStation(station, 3);
  const kept = join(station.folder, 'kept');
  mkdirSync(kept);
  const request = { reason: '例行更换', backup: kept, actor: '李伟' };
  await replaceKey(await readConfig(station.config), request, () => undefined, never());
  using attacker = new Attacker(station.bucket);
  const handover = `ledgers/${station.station}/keys/1.tlog-proof`;
  await attacker.erase(handover, await attacker.versionOf(handover));
  const missing = (await verify(station.config)).findings;
  expect(missing).toMatchObject([{ code: 'handover-missing', where: handover }]);
});
