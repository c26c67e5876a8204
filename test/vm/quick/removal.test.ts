// Cameras are pulled out while they are copied, at any moment, several at once. Plugged in again, what was copied is continued, all of the
// footage is on record, and nobody wrote to a card.
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type Card, expectUntouched, makeFatCard, makeFootage } from '../cards.ts';
import { makeChance } from '../chance.ts';
import { clockOf, dock, untilSettled } from '../docking.ts';
import { asMany, numbers } from '../extent.ts';
import { expectVerified, Station } from '../station.ts';

/** Stations, cameras that each takes side by side, and how often each of these is pulled out. */
const STATIONS = asMany(1, 4);
const CAMERAS = asMany(3, 5);
const ROUNDS = asMany(1, 5);
const MIB = 1 << 20;
const FILES = 2;
/** Several of docketd's buffers, so that there are parts. */
const FILE_BYTES = 10 * MIB;
/** A card of an old camera, in bytes per second: most cameras are pulled out while they are copied. */
const SLOW = 4 * MIB;
/** Nothing is read any more. */
const OVER: readonly string[] = ['copied', 'done', 'problem'];

const LOOK = { timeout: 600_000, interval: 100 };

/** What is asked of a station now: who asks meanwhile hears the same, since each question costs an emulated processor a tenth of a second. */
const asked = new WeakMap<Station, ReturnType<Station['status']>>();

function statusOf(station: Station): ReturnType<Station['status']> {
  const now = asked.get(station) ?? station.status().finally(() => asked.delete(station));
  asked.set(station, now);
  return now;
}

function makeCard(station: Station, serial: string, round: number): Promise<Card> {
  const files = makeFootage(`${serial} ${round}`, FILES, FILE_BYTES).map(({ path, bytes }) => ({
    path: path.replace(`${serial} ${round}`, serial),
    bytes,
  }));
  return makeFatCard(station.at(`${serial}-${round}.img`), { serial, files });
}

/** Waits until so much of a camera's card was read, or nothing is read of it any more; below nothing, for no more than the device. */
async function untilRead(station: Station, serial: string, bytes: number): Promise<void> {
  if (bytes < 0) await station.vm.until(`test -e /dev/disk/by-id/usb-*_${serial}-0:0`);
  else
    await vi.waitFor(async () => {
      const docks = (await statusOf(station)).docks.filter(({ camera, present }) => camera === serial && present);
      expect(docks.some(({ bytesDone, phase }) => bytesDone >= bytes || OVER.includes(phase))).toBe(true);
    }, LOOK);
}

/** Plugs a camera in, pulls it out when this share of it was read, plugs it in again and waits until all is on record. */
async function pullOut(station: Station, card: Card, share: number): Promise<void> {
  const began = await clockOf(station);
  await station.plug(card, { throttle: SLOW });
  await untilRead(station, card.serial, share * FILES * FILE_BYTES);
  await station.vm.unplug(card.serial);
  await dock(station, card);
  for (const { camera, startedAt, files } of await station.receipts(1)) {
    if (camera.serial !== card.serial || Date.parse(startedAt) < began) continue;
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
  for (const round of numbers(ROUNDS)) {
    const cards = await Promise.all(numbers(CAMERAS).map((at) => makeCard(station, `BC0${at + 1}`, round)));
    // One in each round is sure to be pulled out in the middle; of the others some before the first byte, some when all was copied.
    await Promise.all(cards.map((card, at) => pullOut(station, card, at === 0 ? 0.25 : chance() * 1.2 - 0.1)));
  }
  await untilSettled(station);
  await expectVerified(station);
  const receipts = await station.receipts(1);
  expect(receipts.map(({ acquisition }) => acquisition).toSorted(), 'a receipt of each acquisition that began').toEqual(
    (await begun(station)).toSorted(),
  );
  const continued = await vm.sh('grep -rl continuedAtBytes /var/lib/docket/vault/manifests | wc -l');
  const cut = receipts.filter(({ ended }) => ended === 'interrupted').length;
  console.log(`${CAMERAS * ROUNDS} removals: ${cut} dockings interrupted, ${continued} files continued`);
  expect(cut, 'dockings interrupted').toBeGreaterThanOrEqual(ROUNDS);
  expect(Number(continued)).toBeGreaterThan(0);
  expect(await vm.sh('systemctl show --property=NRestarts --value docketd')).toBe('0');
});
