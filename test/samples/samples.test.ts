// Every release leaves a frozen station here; what it wrote must be read, and proven, by every later version.
// The station's private key is not kept, so nothing can ever be added to a sample. In `midday` lies another one, with its key, as the
// release left it when it was killed: for its second camera the vault was away, and its third file was half copied.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Card, openSimulatedCard } from '../../src/camera/index.ts';
import { catchUp, openCatalog } from '../../src/catalog/index.ts';
import { decodedEntries, type Station } from '../../src/daemon/station.ts';
import { tileStoreOf } from '../../src/daemon/tiles.ts';
import { vaultFolderOf } from '../../src/daemon/vaults.ts';
import { verifyStation } from '../../src/daemon/verify.ts';
import { openSealed, parseCaseNumber } from '../../src/evidence/index.ts';
import { recoverSpool } from '../../src/ingest/index.ts';
import { openLedgerReader } from '../../src/ledger/index.ts';
import { openDigestPool, readConfig } from '../../src/platform/index.ts';
import { openDirectoryVault } from '../../src/vault/index.ts';
import { acquireOn } from '../fault/docked-cards.ts';
import { openIt, outcomesOf, verify } from '../fault/stations.ts';

const SAMPLES = import.meta.dirname;
const made: string[] = [];

afterEach(() => {
  for (const each of made.splice(0)) rmSync(each, { recursive: true, force: true });
});

/** A copy with the modes that a checkout does not keep. */
async function copyOf(release: string): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'docket-sample-'));
  made.push(place);
  cpSync(join(SAMPLES, release), place, { recursive: true });
  for (const each of readdirSync(join(place, 'vault'), { recursive: true, withFileTypes: true })) {
    const path = join(each.parentPath, each.name);
    if (each.isFile() && each.name !== 'checkpoint') chmodSync(path, 0o444);
  }
  return place;
}

const releases = readdirSync(SAMPLES).filter((name) => statSync(join(SAMPLES, name)).isDirectory());

describe.each(releases)('what release %s wrote', (release) => {
  it('is proven whole; only what a sample leaves out is missing', async () => {
    const config = await readConfig(join(await copyOf(release), 'docket.toml'));
    const result = await verifyStation(config, { quick: false }, () => undefined, new AbortController().signal);
    expect(result.findings.map((each) => each.code).toSorted()).toEqual(['catalog-missing', 'key-missing']);
    expect(result.checked['items']).toBeGreaterThanOrEqual(4);
    expect(result.checked['statements']).toBeGreaterThanOrEqual(4);
  });

  it('makes a catalog that finds the case with text and video', async () => {
    const place = await copyOf(release);
    const config = await readConfig(join(place, 'docket.toml'));
    await using digests = openDigestPool(1);
    await using vault = await openDirectoryVault({ path: vaultFolderOf(config) ?? '', digests });
    await using ledger = await openLedgerReader({
      path: join(config.paths.state, 'ledger.db'),
      verifier: config.station.public_key,
    });
    await using catalog = await openCatalog({ path: join(place, 'catalog.db'), mode: 'write' });
    const view = ledger.view(tileStoreOf(vault, config.station.name));
    await catchUp(catalog, (from) => decodedEntries(view, from));
    const summary = catalog.caseSummary(parseCaseNumber('2026-LX-0003'));
    expect(summary?.kinds.footage.items).toBe(2);
    expect(summary?.kinds.document.items).toBe(1);
    expect(catalog.find({ text: '属实' }).items).toHaveLength(1);
  });
});

// ---- In the middle of a day.

const MIDDAY = 'midday';
/** What the release had in its spool: of the first camera a part of `b.mp4`, of the second `c.mp4` sealed, `d.mp4` whole, `e.mp4` in part. */
const KILLED = '20261129-214340-00000002';
const MORNING = 'add4f55b39ec370fb88bdb7c2b47da0c263c522c.part';

/** The cameras that were docked then, as they come again. */
function cameraOf(
  serial: string,
  files: readonly (readonly [path: string, sizeBytes: number, minute: number])[],
): Card {
  return openSimulatedCard({
    identity: { way: 'usb', serial, model: 'Simulated camera', vendorId: '0000', productId: '0001' },
    files: files.map(([path, sizeBytes, minute]) => ({
      path,
      content: contentOf(path, sizeBytes),
      modifiedAtMs: Date.parse('2026-11-21T06:00:00Z') + minute * 60_000,
    })),
  });
}

const first = (): Card =>
  cameraOf('100001', [
    ['DCIM/a.mp4', 2500, 0],
    ['DCIM/b.mp4', 3500, 1],
  ]);
const second = (): Card =>
  cameraOf('100002', [
    ['DCIM/c.mp4', 2500, 2],
    ['DCIM/d.mp4', 1500, 3],
    ['DCIM/e.mp4', 3500, 4],
  ]);

function contentOf(path: string, sizeBytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(sizeBytes / 32) }, (_, k) => hash('sha256', `${path} ${k}`, 'buffer'));
  return Buffer.concat(blocks).subarray(0, sizeBytes);
}

async function middayOf(release: string): Promise<string> {
  const place = await copyOf(join(release, MIDDAY));
  chmodSync(join(place, 'station.key'), 0o600);
  return place;
}

function manifestOf(place: string, { config }: Station, item: string): string {
  return join(place, `vault/manifests/${config.station.name}/${item}.json`);
}

function sha256Of(path: string): string {
  return hash('sha256', readFileSync(path));
}

/** What became of the half of `e.mp4`: in the boot it was written in it is all there; after a power cut it may have holes. */
const HALVES = [
  ['in the same boot', '36917873-6182-4ead-a021-7a4d13021a39', '11299fe6e43ec34ab03f6cd9c8a0d010f9951b25.part'],
  ['after a power cut', 'another', `${KILLED}-000003-unproven.part`],
] as const;
const SAME_BOOT = HALVES[0][1];

const middays = releases.filter((each) => existsSync(join(SAMPLES, each, MIDDAY)));

describe.each(middays)('a station that release %s was killed on', (release) => {
  it.each(HALVES)(
    'goes on %s: what was whole is on record as it was sealed, the rest is kept',
    async (_, boot, half) => {
      const place = await middayOf(release);
      const config = join(place, 'docket.toml');
      const spool = join(place, 'state/spool');
      const [whole, unsealed, part] = ['000001.bytes', '000002.bytes', '000003.part'].map((name) =>
        sha256Of(join(spool, KILLED, name)),
      );
      const sealed = readFileSync(join(spool, KILLED, '000001.json'));
      {
        await using station = await openIt(config);
        const { finished, waiting } = await recoverSpool({ ...station.ports, boot });
        expect(waiting).toEqual([]);
        expect(finished.map(({ acquisition, ended, case: number }) => [acquisition, ended, number])).toEqual([
          [KILLED, 'interrupted', '2026-LX-0004'],
        ]);
        expect(finished[0]?.files.map(({ path, outcome, sha256 }) => [path.text, outcome, sha256])).toEqual([
          ['DCIM/c.mp4', 'recorded', whole],
          ['DCIM/d.mp4', 'recorded', unsealed],
          ['DCIM/e.mp4', 'interrupted', undefined],
        ]);
        expect(readFileSync(manifestOf(place, station, `${KILLED}-000001`))).toEqual(sealed);
      }
      expect(readdirSync(spool)).toEqual(['parts']);
      const parts = readdirSync(join(spool, 'parts')).filter((name) => name.endsWith('.part'));
      expect(parts.toSorted()).toEqual([half, MORNING].toSorted());
      expect(sha256Of(join(spool, 'parts', half))).toBe(part);
      expect((await verify(config)).findings).toEqual([]);
    },
  );

  it('takes the rest when the cameras come again, each part continued at its byte', async () => {
    const place = await middayOf(release);
    const config = join(place, 'docket.toml');
    {
      await using station = await openIt(config);
      await recoverSpool({ ...station.ports, boot: SAME_BOOT });
      const receipts = [await acquireOn(station, first()), await acquireOn(station, second())].map(
        (each) => each.receipt,
      );
      expect(receipts.map(outcomesOf)).toEqual([
        { 'DCIM/a.mp4': 'already-recorded', 'DCIM/b.mp4': 'recorded' },
        { 'DCIM/c.mp4': 'already-recorded', 'DCIM/d.mp4': 'already-recorded', 'DCIM/e.mp4': 'recorded' },
      ]);
      for (const { item } of receipts.map((receipt) => receipt.files.at(-1) ?? assert.fail('a file was listed'))) {
        const sealed = readFileSync(manifestOf(place, station, item ?? ''));
        expect(openSealed(sealed, station.ports.signer, 'it').reading.continuedAtBytes).toBe(2000);
      }
    }
    const { findings, checked } = await verify(config);
    expect([findings, checked['items']]).toEqual([[], 5]);
  });
});
