// Makes the catalog again from the ledger, and with --from-vault the ledger head again from the vault.
// Never deletes a head: the old one is kept aside. What the vault holds beyond its checkpoint is taken on record again.
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeCatalog } from '../catalog/index.ts';
import type { OnWork } from '../cli/index.ts';
import { collectOverlays } from '../custody/index.ts';
import { formatInstant, ledgerPrefix, parseSha256 } from '../evidence/index.ts';
import { adoptFromVault, recoverSpool } from '../ingest/index.ts';
import { refuseNewerHead, restoreHead } from '../ledger/index.ts';
import { type Config, exists, removeDurable, silentLog, syncDirectory, systemClock } from '../platform/index.ts';
import { placesOf } from './places.ts';
import { openStation } from './station.ts';

/** What was rebuilt. */
export interface Rebuilt {
  readonly ledgerSize: number;
  readonly catalogApplied: number;
  /** Records of the vault that were taken on record again. */
  readonly adopted: number;
  /** Files kept aside. */
  readonly setAside: readonly string[];
}

/** Rebuilds under the station lock. Failures: 'station-locked', 'format-newer' (then nothing was touched), vault-*, ledger-*, key-*. */
export async function rebuild(
  config: Config,
  request: { readonly fromVault: boolean; readonly actor: string },
  onWork: OnWork,
  _signal: AbortSignal,
): Promise<Rebuilt> {
  const places = placesOf(config);
  const setAside: string[] = [];
  let beyond = 0;
  const step = (state: string): void =>
    onWork({ subject: config.station.name, state, done: 0, total: 0, unit: 'entries' });
  await using station = await openStation(config, {
    log: silentLog,
    command: 'docket rebuild',
    waitMs: 0,
    needsVault: true,
    beforeLedger: async ({ ring, tiles, vault }) => {
      await refuseNewerHead(places.head);
      await collectOverlays(vault, ledgerPrefix(config.station.name)); // from here on the vault gives the originals
      if (request.fromVault) {
        step('reading the ledger from the vault');
        const fresh = `${places.head}.restored`;
        for (const suffix of ['', '-wal', '-shm', '.sha256']) await putAside(`${fresh}${suffix}`, []); // of a rebuild that broke off
        const { size, vouched } = await restoreHead({
          path: fresh,
          signer: ring.current,
          next: ring.next,
          first: config.station.public_key,
          store: tiles,
        });
        beyond = size - vouched;
        await exchangeHead(places.head, fresh, setAside);
      }
      step('making the catalog again');
      await removeCatalog(places.catalog);
    },
  });
  const { ports } = station;
  const actor = { kind: 'person' as const, name: request.actor };
  await recoverSpool(ports);
  const adopted = request.fromVault ? await adoptFromVault(ports, actor) : 0;
  if (request.fromVault) {
    const { checkpoint } = ports.ledger.state();
    const at = formatInstant(systemClock.now());
    const root = parseSha256(checkpoint.root.toString('hex'));
    ports.recorder.record([
      {
        v: 1,
        kind: 'ledger.restored',
        at,
        actor,
        size: checkpoint.size,
        root,
        adopted,
        reason: `docket rebuild --from-vault; ${beyond} entries beyond the published checkpoint`,
      },
    ]);
  }
  await ports.publisher.publish();
  return { ledgerSize: ports.ledger.size, catalogApplied: ports.catalog.appliedSize, adopted, setAside };
}

/** The old head goes aside only when the new one stands; a crash between leaves no head, and the next rebuild makes one. */
async function exchangeHead(head: string, fresh: string, setAside: string[]): Promise<void> {
  for (const suffix of ['.sha256', '-wal', '-shm', '']) await putAside(`${head}${suffix}`, setAside);
  await removeDurable(`${fresh}.sha256`); // the closing mark names its file; under another name it would call the head damaged
  for (const suffix of ['', '-wal', '-shm'])
    if (await exists(`${fresh}${suffix}`)) await rename(`${fresh}${suffix}`, `${head}${suffix}`);
  await syncDirectory(dirname(head));
}

async function putAside(path: string, setAside: string[]): Promise<void> {
  if (!(await exists(path))) return;
  for (let k = 1; ; k += 1) {
    const aside = `${path}.aside-${k}`;
    if (await exists(aside)) continue;
    await rename(path, aside);
    setAside.push(aside);
    return;
  }
}
