// How cameras come to be mounted: by the system, only to be read, and only those that are admitted. Whatever else is plugged in is refused
// and on record, or left alone; whatever a card is like, the service lives and the card is as it was.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Receipt } from '../../src/evidence/index.ts';
import {
  type Card,
  type CardFile,
  expectUntouched,
  makeExfatCard,
  makeExt4Card,
  makeFatCard,
  makeFootage,
} from './cards.ts';
import { clockOf, receiptSince } from './docking.ts';
import { CAMERA, expectSound, expectTaken, expectVerified, Station } from './station.ts';

const run = promisify(execFile);
const MIB = 1 << 20;
/** Where the partition of a card begins, as the programs of ext4 want to be told. */
const PARTITION = `?offset=${MIB}`;
const STRANGER = 'ST99';

const order = (serial: string, files = 2): { serial: string; files: ReturnType<typeof makeFootage> } => ({
  serial,
  files: makeFootage(serial, files, MIB),
});

/** The card after a change to its ext4 that nobody could make by mounting it; it is to stay so. */
async function alter(card: Card, ...changes: readonly string[]): Promise<Card> {
  for (const change of changes) await run('debugfs', ['-w', '-R', change, `${card.image}${PARTITION}`]);
  return remade(card);
}

async function remade(card: Card): Promise<Card> {
  const { stdout } = await run('sha256sum', [card.image]);
  return { ...card, sha256: stdout.slice(0, 64) };
}

/** Overwrites bytes of a card, from the beginning of its partition. */
async function overwrite(card: Card, bytes: Buffer): Promise<Card> {
  await using image = await open(card.image, 'r+');
  await image.write(bytes, 0, bytes.length, MIB);
  return await remade(card);
}

/** What ext4 keeps for root is named on a receipt, and is nothing of the camera's. */
const ofCamera = (receipt: Receipt | undefined): Receipt | undefined =>
  receipt && { ...receipt, files: receipt.files.filter(({ path }) => path.text !== 'lost+found') };
const untilRefused = (station: Station, count = 1): Promise<string> =>
  station.vm.until(`shopt -s nullglob; set -- /run/docket/refused/*; (( $# == ${count} ))`);
const untilMounted = (station: Station, count = 1): Promise<string> =>
  station.vm.until(`set --; while read -r _ at _; do [[ $at != /run/docket/cameras/* ]] || set -- "$@" $at; done </proc/mounts
    (( $# == ${count} ))`);
const untilNothing = async (station: Station): Promise<string> => {
  await station.untilUnmounted();
  return await station.vm.until('shopt -s nullglob; set -- /run/docket/cameras/*; (( $# == 0 ))');
};

/** docketd was not started a second time, and no other unit has failed. */
async function expectAlive({ vm }: Station): Promise<void> {
  const shown = await vm.sh('systemctl show --property=ActiveState,NRestarts docketd');
  expect(shown.split('\n').toSorted()).toEqual(['ActiveState=active', 'NRestarts=0']);
  expect(await vm.sh('systemctl --failed --plain --no-legend')).toBe('');
}

it('mounts exFAT, and ext4 without replaying its journal', async () => {
  await using station = await Station.open();
  const exfat = await makeExfatCard(station.vm, station.at('exfat.img'), order('BC02'));
  await station.plug(exfat);
  expectTaken((await station.receipts(1))[0], exfat);
  const ext4 = await alter(await makeExt4Card(station.at('ext4.img'), order('BC03')), 'features needs_recovery');
  await station.plug(ext4);
  const receipts = await station.receipts(2);
  expectTaken(ofCamera(receipts.find(({ camera }) => camera.serial === 'BC03')), ext4);
  expect(await station.mounts()).toMatch(/ ext4 ro,nosuid,nodev,noexec.*norecovery/);
  await expectSound(station, [exfat, ext4]);
  await expectAlive(station);
});

it('takes both cards of a camera with two, whatever their labels and device say', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const label = '$(reboot)`id`;';
  const cards = [
    await makeExt4Card(station.at('one.img'), { ...order('BC02'), label }),
    await makeFatCard(station.at('two.img'), { ...order('BC02', 1), label: "'&$IFS" }),
  ];
  const disks = await Promise.all(cards.map(({ image }, n) => vm.plugDisk(`lun${n}`, image)));
  await vm.sh(`rig-gadget add cam 4255 1000 BC02 '"; reboot #' '$(poweroff)' ${disks.join(' ')}`);
  const receipts = await station.receipts(2);
  expect(new Set(receipts.map(({ camera }) => camera.volume?.label))).toEqual(new Set([label, "'&$IFS"]));
  expect(receipts.map(({ camera }) => [camera.serial, camera.vendorId, camera.model])).toEqual(
    cards.map(() => ['BC02', '4255', '$(poweroff)']),
  );
  for (const card of cards) {
    const paths = Object.keys(card.truth).length;
    expectTaken(
      receipts.map(ofCamera).find((receipt) => receipt?.files.length === paths),
      card,
    );
    await expectUntouched(card);
  }
  await vm.sh('rig-gadget pull cam');
  await untilNothing(station);
  await expectAlive(station);
});

it('takes a camera that was plugged in before there was a station', async () => {
  await using station = await Station.open();
  const { vm } = station;
  // A machine without a configuration is one where no station was made.
  await vm.sh(
    'systemctl stop docketd && rm /run/docket/admission/list && mv /etc/docket/docket.toml /etc/docket/later',
  );
  const card = await makeFatCard(station.at('card.img'), order(CAMERA));
  await station.plug(card);
  await vm.until('udevadm info --export-db | grep -x "E: DOCKET_WAITS=1"');
  expect(await station.mounts()).toBe('');
  await vm.sh('mv /etc/docket/later /etc/docket/docket.toml && systemctl start docketd');
  expectTaken((await station.receipts(1))[0], card);
  expect(await vm.sh('! udevadm info --export-db | grep DOCKET_WAITS')).toBe('');
  await expectSound(station, [card]);
  await expectAlive(station);
});

it('does not mount a stick that nobody registered, puts that on record once, and mounts it when it is registered', async () => {
  await using station = await Station.open();
  const card = await makeFatCard(station.at('stick.img'), order(STRANGER));
  await station.plug(card);
  await untilRefused(station);
  await station.untilTold(`camera ${STRANGER} is not registered`);
  expect(await station.mounts()).toBe('');
  await station.docket('camera add BC09');
  expect(await station.mounts()).toBe('');
  await station.docket(`camera add ${STRANGER}`);
  expectTaken((await station.receipts(1))[0], card);
  await untilRefused(station, 0);
  const { problems } = await station.status();
  expect(problems.filter(({ what }) => what.startsWith('a camera was refused'))).toHaveLength(1);
  await expectSound(station, [card]);
  await expectAlive(station);
});

it('tells of registered cameras whose cards are damaged in three ways, and goes on', async () => {
  await using station = await Station.open();
  const ext4 = (serial: string): Promise<Card> => makeExt4Card(station.at(`${serial}.img`), order(serial, 1));
  const damaged: readonly (readonly [Card, string])[] = [
    [await overwrite(await ext4('BC02'), Buffer.alloc(MIB)), 'there is no file system on it'],
    [await alter(await ext4('BC03'), 'ssv blocks_count 99999999'), 'its file system, ext4, does not mount'],
    [await overwrite(await ext4('BC04'), swapSpace()), 'its file system, swap, is not one that docket mounts'],
  ];
  for (const [card, words] of damaged) {
    await station.plug(card);
    await station.untilTold(`camera ${card.serial} was not mounted: ${words}`);
    await station.vm.unplug(card.serial);
    await untilRefused(station, 0);
  }
  const sound = await makeFatCard(station.at('sound.img'), order(CAMERA));
  await station.plug(sound);
  expectTaken((await station.receipts(1))[0], sound);
  for (const [card] of damaged) await expectUntouched(card);
  await expectSound(station, [sound]);
  await expectAlive(station);
});

/** A page that blkid knows as swap space. */
function swapSpace(): Buffer {
  const page = Buffer.alloc(4096);
  page.writeUInt32LE(1, 1024);
  page.writeUInt32LE(1000, 1028);
  page.write('SWAPSPACE2', 4086, 'latin1');
  return page;
}

it('mounts a camera each time that it is plugged in, however soon', async () => {
  await using station = await Station.open();
  const card = await makeFatCard(station.at('card.img'), order(CAMERA));
  for (let times = 0; times < 5; times += 1) {
    await station.plug(card);
    await untilMounted(station);
    await station.vm.unplug(CAMERA);
  }
  // What is being let go takes longer than the next card to appear.
  const slow = '/run/systemd/system/docket-mount@.service.d';
  await station.vm.sh(
    `mkdir ${slow}; printf '[Service]\\nExecStop=/bin/sleep 5\\n' >${slow}/slow.conf; systemctl daemon-reload`,
  );
  let last = 0;
  for (let times = 0; times < 2; times += 1) {
    last = await clockOf(station);
    await station.plug(card);
    await untilMounted(station);
    if (times === 0) await station.vm.unplug(CAMERA);
  }
  // What was pulled out while it was listed has no receipt, or one that says so.
  expectTaken(await receiptSince(station, CAMERA, last), card);
  await station.vm.unplug(CAMERA);
  await untilNothing(station);
  await expectSound(station, [card]);
  await expectAlive(station);
});

it('mounts a camera that comes back under another letter, while its old card is held open', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const card = await makeFatCard(station.at('card.img'), order(CAMERA));
  await station.plug(card);
  await station.receipts(1);
  const place = await vm.sh('findmnt --noheadings --raw --output TARGET | grep ^/run/docket/cameras/');
  await vm.sh(`systemd-run --unit=holder sh -c 'exec 9<"$0"; sleep 600' "$(find ${place} -name '*.mp4' | head -n 1)"`);
  await vm.until(`ls -l /proc/$(systemctl show --property=MainPID --value holder)/fd/9 | grep -q mp4`);
  await vm.unplug(CAMERA);
  await untilNothing(station);
  await station.plug(card);
  await station.receipts(2);
  const again = await vm.sh('findmnt --noheadings --raw --output TARGET | grep ^/run/docket/cameras/');
  expect(again).not.toBe(place);
  expectTaken((await station.receipts(2)).at(-1), card);
  await expectSound(station, [card]);
  await expectAlive(station);
});

it('follows the cards of a reader that stays: out, in, another one, one without partitions', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const first = await makeFatCard(station.at('one.img'), order('BC02'));
  const second = await makeFatCard(station.at('two.img'), order('BC02', 3));
  const disks = [await vm.plugDisk('one', first.image), await vm.plugDisk('two', second.image)];
  await vm.sh(`rig-gadget add cam 4255 1000 BC02 Maker Reader ${disks[0]}`);
  expectTaken((await station.receipts(1))[0], first);
  await vm.sh('rig-gadget eject cam 0');
  await untilNothing(station);
  await vm.sh(`rig-gadget insert cam 0 ${disks[1]}`);
  expectTaken((await station.receipts(2)).at(-1), second);
  await untilMounted(station);
  await vm.sh(`rig-gadget eject cam 0`);
  await untilNothing(station);
  // The partition alone, as a card that was formatted as a whole.
  await vm.sh(`rig-gadget insert cam 0 ${disks[0]}1`);
  const whole = (await station.receipts(3)).at(-1);
  expect(whole?.files.map(({ outcome }) => outcome)).toEqual(['already-recorded', 'already-recorded']);
  for (const card of [first, second]) await expectUntouched(card);
  await expectAlive(station);
});

it('leaves a keyboard alone, tells that no card of it came, and mounts nothing of one that has a card beside it', async () => {
  await using station = await Station.open();
  const { vm } = station;
  await vm.sh('rig-gadget keyboard keys 046d c31c BC01 Maker Keyboard');
  await vm.until('grep -q Keyboard /proc/bus/input/devices');
  expect(await vm.sh('ls /run/docket/refused')).toBe('');
  const card = await makeFatCard(station.at('card.img'), order(STRANGER));
  const disk = await vm.plugDisk('card', card.image);
  await vm.sh(`rig-gadget keyboard both 046d c31d ${STRANGER} Maker Both ${disk}`);
  await station.untilTold(`camera ${STRANGER} is not registered`);
  await station.docket(`camera add ${STRANGER}`);
  await station.untilTold('it is a keyboard too, or something like it (USB class 03)');
  expect(await station.mounts()).toBe('');
  await expectUntouched(card);
  await station.untilTold(`camera ${CAMERA} is not taken`); // the keyboard has its serial
  await expectAlive(station);
});

/** Every one of these files is on record with its bytes; the folder that a camera's storage is shown as is not ours to name. */
function expectBytes(receipt: Receipt | undefined, files: readonly CardFile[]): void {
  const wanted = files.map(({ bytes }) => ['recorded', createHash('sha256').update(bytes).digest('hex')]);
  expect(receipt?.files.map(({ outcome, sha256 }) => [outcome, sha256])).toEqual(wanted);
}

it('takes a camera that speaks MTP, shown by a user that has no other rights', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const files = makeFootage('BC02', 2, MIB);
  await mkdir(station.at('mtp/VIDEO'), { recursive: true });
  for (const { path, bytes } of files) await writeFile(station.at(`mtp/${path}`), bytes);
  await vm.plugMtp({ id: 'mtp', folder: station.at('mtp') });
  await untilRefused(station);
  const serial = (await vm.sh("sed -n 's/^serial //p' /run/docket/refused/*")).trim();
  await station.docket(`camera add ${serial}`);
  const [receipt] = await station.receipts(1);
  expect(receipt?.camera).toMatchObject({ way: 'usb', serial, vendorId: '46f4', productId: '0004' });
  expectBytes(receipt, files);
  expect(await vm.sh('ps -C jmtpfs -o user=')).toBe('docket-mtp');
  await vm.unplug('mtp');
  await untilNothing(station);
  await expectVerified(station);
  await expectAlive(station);
});

it('says what is missing for a camera that speaks MTP, and takes it once that is there', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const files = makeFootage('BC03', 1, MIB);
  await vm.sh("mkdir -p /srv/card/VIDEO; sed -i 's/^user_allow_other/#&/' /etc/fuse.conf");
  for (const { path, bytes } of files) await vm.writeFile(`/srv/card/${path}`, bytes);
  await vm.sh('rig-gadget mtp cam 4255 2000 BC03 Maker MtpCamera /srv/card');
  await station.untilTold('/etc/fuse.conf must have the line user_allow_other');
  await vm.sh("rig-gadget del cam; sed -i 's/^#user_allow_other/user_allow_other/' /etc/fuse.conf");
  await untilRefused(station, 0);
  await vm.sh('rig-gadget mtp cam 4255 2000 BC03 Maker MtpCamera /srv/card');
  const [receipt] = await station.receipts(1);
  expect(receipt?.camera).toMatchObject({ way: 'usb', serial: 'BC03', vendorId: '4255', productId: '2000' });
  expectBytes(receipt, files);
  await vm.sh('rig-gadget del cam');
  await untilNothing(station);
  await expectVerified(station);
  await expectAlive(station);
});

/** What a camera of another maker is until it is told to show its card: an interface of no class with one endpoint, and no storage. */
const LOCKED = `set -e
gadget=/sys/kernel/config/usb_gadget/locked
modprobe -a dummy_hcd libcomposite usb_f_fs
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir -p $gadget/strings/0x409 $gadget/configs/c.1 $gadget/functions/ffs.locked $gadget/functions/mass_storage.0
cd $gadget
echo 0x4255 >idVendor; echo 0x0001 >idProduct; echo 0x0200 >bcdUSB
echo BC02 >strings/0x409/serialnumber; echo Locked >strings/0x409/product
echo "$1" >functions/mass_storage.0/lun.0/file
ln -s functions/ffs.locked configs/c.1/
mkdir -p /run/locked; mount -t functionfs locked /run/locked
exec 3<>/run/locked/ep0
# Descriptors for full and high speed: one interface of the vendor's class, one bulk endpoint out; no strings.
printf '\\3\\0\\0\\0\\64\\0\\0\\0\\3\\0\\0\\0\\2\\0\\0\\0\\2\\0\\0\\0\\11\\4\\0\\0\\1\\377\\0\\0\\0\\7\\5\\1\\2\\100\\0\\0\\11\\4\\0\\0\\1\\377\\0\\0\\0\\7\\5\\1\\2\\0\\2\\0' >&3
printf '\\2\\0\\0\\0\\20\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' >&3
ls /sys/class/udc | head -n 1 >UDC
dd if=/run/locked/ep1 of=/run/said bs=512 count=1
[ "$(cat /run/said)" = 'show your card' ] || exec sleep 600
echo >UDC; rm configs/c.1/ffs.locked
echo 0x1000 >idProduct; ln -s functions/mass_storage.0 configs/c.1/
ls /sys/class/udc | head -n 1 >UDC
`;

/** The gadget's own stack gives its first endpoint the number 2. */
const PROFILE = (data: string): string => `name = "locked"
description = "shows its card when it is asked to"
[unlock]
device = { vendorId = "4255", productId = "0001" }
interface = 0
steps = [{ do = "bulk-out", endpoint = 2, data = "${Buffer.from(data).toString('hex')}" }]
`;

/** A station with a profile for such a camera, which is plugged in before or after docketd knows how to unlock it. */
async function plugLocked({ vm }: Station, disk: string, data: string): Promise<void> {
  await vm.sh('install -d -o docket -g docket /var/lib/docket/profiles');
  await vm.writeFile('/var/lib/docket/profiles/locked.toml', PROFILE(data));
  await vm.writeFile('/run/locked.sh', LOCKED);
  await vm.sh(`systemd-run --collect --unit=locked sh /run/locked.sh ${disk}`);
  await vm.until('grep -q 4255 /sys/bus/usb/devices/*/idVendor');
  await vm.sh(
    `sed -i 's|^\\[cameras\\]|[cameras]\\nprofiles = ["/var/lib/docket/profiles"]|' /var/lib/docket/docket.toml`,
  );
  await vm.sh('systemctl restart docketd');
}

it('unlocks a camera by the exchange of its profile, and takes its card', async () => {
  await using station = await Station.open();
  const card = await makeFatCard(station.at('card.img'), order('BC02'));
  await plugLocked(station, await station.vm.plugDisk('card', card.image), 'show your card');
  expectTaken((await station.receipts(1))[0], card);
  expect(await station.journal()).toContain('a camera is being unlocked');
  await expectSound(station, [card]);
});

it('tells of a camera that its exchange does not unlock, and tries no second time', async () => {
  await using station = await Station.open();
  const card = await makeFatCard(station.at('card.img'), order('BC02'));
  await plugLocked(station, await station.vm.plugDisk('card', card.image), 'open sesame');
  await station.untilTold('does not show its card');
  expect((await station.journal()).match(/a camera is being unlocked/g)).toHaveLength(1);
  expect(await station.mounts()).toBe('');
  await expectUntouched(card);
  await expectAlive(station);
});
