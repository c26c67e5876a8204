// Cameras are pulled out while they are copied, at any moment, several at once. Plugged in again, what was copied is continued, all of the
// footage is on record, and nobody wrote to a card.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { type Card, expectUntouched, makeFatCard, makeFootage } from '../cards.ts';
import { makeChance } from '../chance.ts';
import { dock, untilSettled } from '../docking.ts';
import { asMany, numbers } from '../extent.ts';
import { expectVerified, Station } from '../station.ts';

/** Stations, cameras that each takes side by side, and how often each of these is pulled out before it may stay. */
const STATIONS = asMany(1, 2);
const CAMERAS = asMany(3, 5);
const REMOVALS = asMany(1, 10);
const MIB = 1 << 20;
/** The first is longer than one of docketd's buffers, so that there are parts. */
const FILE_BYTES = [6 * MIB, 2 * MIB];
/** Read of a card when the first buffer of its footage has been copied, and folders and file system. */
const PART_BYTES = 5 * MIB;
/** A card of an old camera, in bytes per second of this machine's time: most cameras are pulled out while they are copied. */
const SLOW = 1.5 * MIB;
/** What the copying of such a card takes at the least, in milliseconds. */
const COPYING_MS = (8 * MIB * 1000) / SLOW;

function makeCard(station: Station, serial: string): Promise<Card> {
  const footage = makeFootage(serial, FILE_BYTES.length, Math.max(...FILE_BYTES));
  const files = footage.map(({ path, bytes }, at) => ({ path, bytes: bytes.subarray(0, FILE_BYTES[at]) }));
  return makeFatCard(station.at(`${serial}.img`), { serial, files });
}

/** What is so of the disk of a camera, in bash: `$disk` is its device. */
const ofDisk = (serial: string, holds: string): string => `so=; for link in /dev/disk/by-id/usb-*_${serial}-0:0; do
  for disk in /dev/sd?; do if [[ $link -ef $disk ]]; then ${holds} && so=1; fi; done; done; [[ $so ]]`;

/** Waits until a part of a file on a camera's card was copied, and there is more to come. */
async function untilCopying({ vm }: Station, serial: string): Promise<void> {
  const read = 'read -r _ _ sectors _ </sys/block/${disk#/dev/}/stat';
  await vm.until(ofDisk(serial, `${read} && (( sectors * 512 >= ${PART_BYTES} ))`));
}

/** Waits for this moment of the copying, counted from when the card is mounted; below nothing, for no more than the device. */
async function untilMoment({ vm }: Station, serial: string, share: number): Promise<void> {
  if (share < 0) await vm.until(ofDisk(serial, 'true'));
  else await vm.until(ofDisk(serial, `mapfile -t m </proc/mounts; [[ " \${m[*]}" == *" \${disk}1 "* ]]`));
  await sleep(Math.max(0, share) * COPYING_MS);
}

/** Plugs a camera in and pulls it out at each of these moments, or in the middle of its copying; at last it stays until all is on record. */
async function pullOut(station: Station, card: Card, moments: readonly (number | 'copying')[]): Promise<void> {
  for (const moment of moments) {
    await station.plug(card, { throttle: SLOW });
    if (moment === 'copying') await untilCopying(station, card.serial);
    else await untilMoment(station, card.serial, moment);
    await station.vm.unplug(card.serial);
  }
  await dock(station, card);
  for (const { camera, files } of await station.receipts(1)) {
    if (camera.serial !== card.serial) continue;
    for (const { path, outcome, sha256, reason } of files)
      if (outcome === 'recorded' || outcome === 'already-recorded') expect(sha256).toBe(card.truth[path.text]);
      else expect(reason, `${path.text} is ${outcome}, and why`).toBeTruthy();
  }
  await station.vm.unplug(card.serial);
  await expectUntouched(card);
}

const lineSchema = z.looseObject({ msg: z.string(), acquisition: z.string().optional() });

/** Acquisitions whose listing stood, as docketd said at that moment. */
async function begun(station: Station): Promise<string[]> {
  const lines = (await station.journal()).split('\n').filter((line) => line.includes('the officer may leave'));
  return lines.map((line) => lineSchema.parse(JSON.parse(line)).acquisition ?? expect.fail(line));
}

it.each(numbers(STATIONS))('goes on with cameras that were pulled out, and loses nothing, station %i', async (n) => {
  const chance = makeChance(`removal ${n}`);
  await using station = await Station.open();
  const { vm } = station;
  // Nothing is looked into: that would take an emulated machine longer than all the copying.
  await vm.sh("printf '\\n[media]\\nexamine = false\\n' >>/var/lib/docket/docket.toml; systemctl restart docketd");
  const cards = await Promise.all(numbers(CAMERAS).map((at) => makeCard(station, `BC0${at + 1}`)));
  // Each is sure to be pulled out in the middle at first; then at any moment, before the first byte and when all was copied among them.
  const moments = cards.map(() => numbers(REMOVALS).map((k) => (k === 0 ? 'copying' : chance() * 1.2 - 0.1)));
  await Promise.all(cards.map((card, at) => pullOut(station, card, moments[at] ?? [])));
  await untilSettled(station);
  await expectVerified(station);
  const receipts = await station.receipts(1);
  expect(receipts.map(({ acquisition }) => acquisition).toSorted(), 'a receipt of each acquisition that began').toEqual(
    (await begun(station)).toSorted(),
  );
  const continued = await vm.sh('grep -rl continuedAtBytes /var/lib/docket/vault/manifests | wc -l');
  const cut = receipts.filter(({ ended }) => ended === 'interrupted').length;
  console.log(`${CAMERAS * REMOVALS} removals: ${cut} dockings interrupted, ${continued} files continued`);
  expect(cut, 'dockings interrupted').toBeGreaterThanOrEqual(CAMERAS);
  expect(Number(continued)).toBeGreaterThan(0);
  expect(await vm.sh('systemctl show --property=NRestarts --value docketd')).toBe('0');
});
