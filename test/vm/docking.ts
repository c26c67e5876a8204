// A camera is docked once more, and what comes of it is waited for: the receipt of this docking, not of one before, and an empty spool.
// Never takes an older receipt for it, whatever the station recovers meanwhile.
import type { Receipt } from '../../src/evidence/index.ts';
import type { Card } from './cards.ts';
import type { Vm } from './rig.ts';
import { expectTaken, type Station } from './station.ts';

/** Longest a docking may take, in milliseconds. */
const DOCKING_MS = 600_000;
const SPOOL = '/var/lib/docket/state/spool';

/** Time in the guest, in milliseconds since 1970. */
export async function clockOf({ vm }: Station): Promise<number> {
  return Number(await vm.sh('date +%s%3N'));
}

/** The first receipt of a docking of this camera that began at `since` or later. A directory vault only. */
export async function receiptSince(station: Station, serial: string, since: number): Promise<Receipt> {
  for (let receipts = await station.receipts(0); ; receipts = await station.receiptsBut(receipts.length, DOCKING_MS)) {
    const found = receipts.find(({ camera, startedAt }) => camera.serial === serial && Date.parse(startedAt) >= since);
    if (found !== undefined) return found;
  }
}

/** Waits until no acquisition is under way or waits in the spool. */
export async function untilSettled({ vm }: Station): Promise<void> {
  await vm.until(`set -- ${SPOOL}/*; test "$*" = ${SPOOL}/parts`);
}

/** Acquisitions that were begun and not finished, as they lie in the spool: each will have a receipt, whatever happened. */
export async function begunIn(vm: Vm): Promise<readonly string[]> {
  const listings = `find ${SPOOL} -mindepth 2 -maxdepth 2 -name listing.json`;
  return (await vm.sh(`${listings} | sed 's|/listing.json$||; s|.*/||'`)).split('\n').filter((line) => line !== '');
}

/** Waits until each of these acquisitions has its receipt, without any camera. A directory vault only. */
export async function untilAnswered({ vm }: Station, acquisitions: readonly string[]): Promise<void> {
  for (const each of acquisitions) await vm.until(`test -f /var/lib/docket/vault/receipts/*/${each}.json`);
}

/** Plugs the camera in and waits until its receipt says that everything on it is on record. */
export async function dock(station: Station, card: Card): Promise<Receipt> {
  const since = await clockOf(station);
  await station.plug(card);
  const receipt = await receiptSince(station, card.serial, since);
  expectTaken(receipt, card);
  await untilSettled(station);
  return receipt;
}
