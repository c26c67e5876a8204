// Publishes what is committed: entry bundles, then case statements, then tiles and the checkpoint.
// All of it can be made again from the ledger; nothing here is the only copy, and every step may be repeated.
import { createHash } from 'node:crypto';
import {
  caseStatementOf,
  decodeEntry,
  encodeStatement,
  isFailure,
  parseSha256,
  type Signer,
  type StationName,
} from '../evidence/index.ts';
import type { Ledger, TileStore } from '../ledger/index.ts';
import { errorFacts, type Log } from '../platform/index.ts';
import type { Vault } from '../vault/index.ts';
import type { Publisher } from './ports.ts';

/** Statements are small: with each, a lane of the vault mostly waits for answers. */
const STATEMENTS_PER_LANE = 3;

/** What publishing stands on. */
export interface PublishPorts {
  readonly station: StationName;
  readonly signer: Signer;
  readonly ledger: Ledger;
  readonly tiles: TileStore;
  readonly vault: Vault;
}

/** A publisher that runs one publication at a time. */
export function makePublisher(ports: PublishPorts): Publisher {
  let running: Promise<void> = Promise.resolve();
  return {
    publish({ again = false } = {}) {
      running = running.catch(() => undefined).then(() => publishOnce(ports, again)); // each caller awaits its own run and sees its failure
      return running;
    },
  };
}

async function publishOnce(ports: PublishPorts, again: boolean): Promise<void> {
  const { ledger, tiles, vault } = ports;
  if (publishedSize(ledger) === ledger.size && !again) return;
  const width = vault.lanes === undefined ? 1 : vault.lanes * STATEMENTS_PER_LANE;
  // The statements of the very entries that the checkpoint will cover: another camera's may be committed at any moment.
  const beforeTiles = async (from: number, to: number): Promise<void> => {
    const batch: { readonly index: number; readonly bytes: Uint8Array }[] = [];
    const putBatch = async (): Promise<void> => {
      await Promise.all(batch.splice(0).map(({ index, bytes }) => publishStatement(ports, index, bytes)));
    };
    for await (const entry of ledger.view(tiles).entries(from, to)) {
      batch.push(entry);
      if (batch.length >= width) await putBatch();
    }
    await putBatch();
    // Crash here: the statements stand; the checkpoint does not cover them yet, and the next run puts the same bytes again.
  };
  await ledger.publish(tiles, { beforeTiles, again });
}

/** Publishes now if the vault can take it; what is committed is on record either way, and the service tries again by itself. */
export async function publishOrNote(ports: { readonly publisher: Publisher; readonly log: Log }): Promise<void> {
  try {
    await ports.publisher.publish();
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    ports.log.warn('the ledger is not yet published', errorFacts(error));
  }
}

/** Entries that are known to be in the vault. */
export function publishedSize(ledger: Ledger): number {
  return ledger.state().published?.size ?? 0;
}

/** Any entry that names a case stands under that case too. */
async function publishStatement(ports: PublishPorts, index: number, bytes: Uint8Array): Promise<void> {
  const found = caseStatementOf(ports.station, index, decodeEntry(bytes, `ledger entry ${index}`));
  if (found === undefined) return;
  const signed = encodeStatement(found.statement, ports.signer);
  const sha256 = parseSha256(createHash('sha256').update(signed).digest('hex'));
  await ports.vault.putOnce(
    found.key,
    { bytes: signed, sha256, sizeBytes: signed.length },
    { locked: true, retainUntil: 'permanent' },
  );
}
