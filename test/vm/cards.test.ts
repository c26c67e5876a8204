// Cards with the file systems that cameras use, each from the plug to the record, none of them changed by a byte.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { type Card, type CardOrder, makeExfatCard, makeExt4Card, makeFatCard, makeFootage } from './cards.ts';
import { CAMERA, expectSound, expectTaken, Station } from './station.ts';

type Make = (station: Station, image: string, order: CardOrder) => Promise<Card>;

it.each<[string, Make]>([
  ['vfat', (_, image, order) => makeFatCard(image, order)],
  ['exfat', (station, image, order) => makeExfatCard(station.vm, image, order)],
  ['ext4', (_, image, order) => makeExt4Card(image, order)],
])('takes a camera whose card has %s', async (fileSystem, make) => {
  await using station = await Station.open();
  const names = [
    ...makeFootage(CAMERA, 2, 1 << 20),
    { path: 'LOG/执法一队 日志.log', bytes: Buffer.from('REC START\r\n') },
  ];
  const card = await make(station, station.at('card.img'), { serial: CAMERA, files: names, label: 'BODYCAM1' });
  await station.plug(card, { bus: 'ehci.0' });
  await station.vm.until(`findmnt --noheadings --types ${fileSystem} | grep /run/docket/cameras/`);
  expectTaken((await station.receipts(1))[0], card);
  await expectSound(station, [card]);
});

const lineSchema = z.looseObject({ msg: z.string(), serial: z.string().optional(), root: z.string().optional() });

/** What was heard on USB and what was mounted are the same cameras, each once; where each is mounted is a volume of the device with its serial. */
async function expectAgreed(station: Station, serials: readonly string[]): Promise<void> {
  const lines = (await station.journal()).split('\n').filter((line) => line.startsWith('{'));
  const said = lines.map((line) => lineSchema.parse(JSON.parse(line)));
  const serialsOf = (msg: string): string[] =>
    said
      .flatMap((line) => (line.msg === msg && serials.includes(line.serial ?? '') ? [line.serial ?? ''] : []))
      .toSorted();
  expect(serialsOf('a USB device connected')).toEqual(serials);
  expect(serialsOf('a camera arrived')).toEqual(serials);
  for (const { serial, root } of said.filter(({ msg }) => msg === 'a camera arrived')) {
    const device = `findmnt --noheadings --output SOURCE ${root} | xargs udevadm info --query=property --property=ID_SERIAL_SHORT --value --name`;
    expect(await station.vm.sh(device), root).toBe(serial);
  }
}

it('takes eight cameras behind a hub, each by its own name', async () => {
  await using station = await Station.open();
  await station.vm.plugHub('hub', '1');
  const serials = Array.from({ length: 8 }, (_, n) => `BC0${n + 1}`);
  const cards = await Promise.all(
    serials.map((serial) =>
      makeFatCard(station.at(`${serial}.img`), { serial, files: makeFootage(serial, 2, 1 << 20) }),
    ),
  );
  for (const [n, card] of cards.entries()) await station.plug(card, { port: `1.${n + 1}` });
  const receipts = await station.receipts(cards.length);
  for (const card of cards)
    expectTaken(
      receipts.find(({ camera }) => camera.serial === card.serial),
      card,
    );
  const officers = ['张伟', '李娜', '王芳', '刘洋', '陈静', '杨帆', '赵磊', '黄敏'];
  expect(Object.fromEntries(receipts.map(({ camera }) => [camera.serial, camera.officer?.name]))).toEqual(
    Object.fromEntries(serials.map((serial, n) => [serial, officers[n]])),
  );
  await expectAgreed(station, serials);
  await expectSound(station, cards);
});
