// What systemd may do to the service while cameras are copied: end it, kill it, reload it, find it hanging. Afterwards it is there again by
// itself, and nothing of a card is missing.
import { expect, it } from 'vitest';
import { type Card, makeFatCard, makeFootage } from './cards.ts';
import { CAMERA, expectSound, expectTaken, Station } from './station.ts';

/** A card that takes long enough to be in the middle of: 24 MiB at 2 MiB/s. */
const MIB = 1 << 20;
const THROTTLE = 2 * MIB;
const slowCard = (station: Station): Promise<Card> =>
  makeFatCard(station.at('card.img'), { serial: CAMERA, files: makeFootage(CAMERA, 3, 8 * MIB) });

/** A station in the middle of copying a slow card. */
async function copying(station: Station): Promise<Card> {
  const card = await slowCard(station);
  await station.plug(card, { throttle: THROTTLE });
  await station.untilCopying(MIB);
  return card;
}

const restarts = (station: Station): Promise<string> =>
  station.vm.sh('systemctl show --property=NRestarts --value docketd');

it.each([
  ['and was mounted meanwhile', 'true', 'findmnt --noheadings --types vfat | grep /run/docket/cameras/'],
  // As after a start of the machine: nobody has said yet which cameras are admitted.
  [
    'and could not be mounted yet',
    'rm /run/docket/admission/list',
    "journalctl --unit='docket-mount@*' | grep 'waits: docketd has not said yet'",
  ],
])('takes a camera that was there before it started %s', async (_, before, seen) => {
  await using station = await Station.open();
  await station.vm.sh(`systemctl stop docketd; ${before}`);
  const card = await makeFatCard(station.at('card.img'), { serial: CAMERA, files: makeFootage(CAMERA, 2, MIB) });
  await station.plug(card);
  await station.vm.until(seen);
  await station.vm.sh('systemctl start docketd');
  expectTaken((await station.receipts(1))[0], card);
  await expectSound(station, [card]);
});

it('stops within its time in the middle of a copy, and goes on where it was when it is started', async () => {
  await using station = await Station.open();
  const card = await copying(station);
  await station.vm.sh('systemctl stop docketd');
  // A service that did not end in its time is killed, and its unit has failed.
  expect(await station.vm.sh('systemctl show --property=Result,ActiveState docketd')).toBe(
    'Result=success\nActiveState=inactive',
  );
  await station.vm.sh('systemctl start docketd');
  expectTaken((await station.receipts(2)).at(-1), card);
  await expectSound(station, [card], 2);
});

it('is killed in the middle of a copy, and goes on by itself', async () => {
  await using station = await Station.open();
  const card = await copying(station);
  await station.vm.sh('systemctl kill --signal=KILL docketd');
  await station.vm.until('test $(systemctl show --property=NRestarts --value docketd) = 1');
  await station.untilRunning();
  expectTaken((await station.receipts(2)).at(-1), card);
  await expectSound(station, [card], 2);
});

it('hangs, is ended by the watchdog, and goes on by itself', async () => {
  await using station = await Station.open();
  const { vm } = station;
  // The watchdog of the unit waits two minutes; it is not those minutes that are tested.
  const folder = '/run/systemd/system/docketd.service.d';
  await vm.sh(
    `mkdir -p ${folder} && printf '[Service]\\nWatchdogSec=20\\n' >${folder}/soon.conf && systemctl daemon-reload`,
  );
  await vm.sh('systemctl restart docketd');
  const card = await copying(station);
  await vm.sh('kill -STOP $(systemctl show --property=MainPID --value docketd)');
  await vm.until('test $(systemctl show --property=NRestarts --value docketd) = 1');
  expect(await vm.sh('journalctl --unit=docketd --no-pager')).toContain('Watchdog timeout');
  await station.untilRunning();
  expectTaken((await station.receipts(2)).at(-1), card);
  await expectSound(station, [card], 2);
});

it('reads its configuration again in the middle of a copy, and drops nothing', async () => {
  await using station = await Station.open();
  const card = await copying(station);
  await station.vm.sh(
    `sed -i '/^\\[log\\]/,/^\\[/ s/^level = .*/level = "debug"/' /var/lib/docket/docket.toml && systemctl reload docketd`,
  );
  const receipts = await station.receipts(1);
  expect(receipts.map(({ ended }) => ended)).toEqual(['complete']);
  expectTaken(receipts[0], card);
  expect(await station.journal()).toContain('the configuration was read again');
  expect(await restarts(station)).toBe('0');
  await expectSound(station, [card]);
});

it('continues with a camera that was pulled in the middle of a copy and comes back', async () => {
  await using station = await Station.open();
  const card = await copying(station);
  await station.vm.unplug(CAMERA);
  const [first] = await station.receipts(1);
  expect(first?.ended).toBe('interrupted');
  await station.plug(card);
  expectTaken((await station.receipts(2)).at(-1), card);
  await expectSound(station, [card], 2);
});
