// Every release leaves a frozen station here; what it wrote must be read, and proven, by every later version.
// The station's private key is not kept, so nothing can ever be added to a sample.
import { chmodSync, cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { catchUp, openCatalog } from '../../src/catalog/index.ts';
import { decodedEntries } from '../../src/daemon/station.ts';
import { tileStoreOf } from '../../src/daemon/tiles.ts';
import { vaultFolderOf } from '../../src/daemon/vaults.ts';
import { verifyStation } from '../../src/daemon/verify.ts';
import { parseCaseNumber } from '../../src/evidence/index.ts';
import { openLedgerReader } from '../../src/ledger/index.ts';
import { openDigestPool, readConfig } from '../../src/platform/index.ts';
import { openDirectoryVault } from '../../src/vault/index.ts';

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
