// What the script that mounts for docketd leaves alone and tells: devices that nobody admitted, that can type, that say strange things.
import { chmod, readFile, rm, stat } from 'node:fs/promises';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { cleanFact } from '../../src/camera/identity.ts';
import { run } from '../child.ts';
import { admit, at, face, link, mounted, note, put, said, script, USB, useCameraMachine } from './camera-machine.ts';

useCameraMachine();

describe('a camera that nobody admitted', () => {
  it('is not mounted; the note says all that is known of it', async () => {
    await admit('unknown refuse', 'serial BC02');
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: 'docket: sdb1: not mounted: camera BC01 is not registered\n',
    });
    expect(await said()).toEqual([]);
    expect(await note()).toEqual({
      cause: 'unknown',
      reason: 'camera BC01 is not registered',
      port: '1-2',
      plug: '1-17',
      identity: {
        way: 'usb',
        serial: 'BC01',
        model: 'Body Camera',
        vendorId: '4255',
        productId: '1000',
        volume: { uuid: '1234-ABCD', label: 'BODY CAM' },
      },
    });
  });

  it('is mounted without being plugged in again once it is registered, and its note goes', async () => {
    await admit('unknown refuse');
    await script('mount', 'sdb1');
    await admit('unknown refuse', 'serial BC01');
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0 });
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
    expect(await note()).toBeUndefined();
  });

  it('keeps the very note it has while others are registered: it is one refusal', async () => {
    await admit('unknown refuse');
    await script('mount', 'sdb1');
    await admit('unknown refuse', 'serial BC09');
    const facts = async (): Promise<readonly number[]> => {
      const { ino, mtimeMs, size } = await stat(at('run/docket/refused/sdb1'));
      return [ino, mtimeMs, size];
    };
    const before = await facts();
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0, stderr: '' });
    expect(await facts()).toEqual(before);
  });

  it.each([
    ['a longer one', 'serial BC011'],
    ['a shorter one', 'serial BC0'],
    ['a pattern', 'serial BC.1'],
    ['another case', 'serial bc01'],
    ['other words', 'BC01'],
  ])('is not taken for %s', async (_, line) => {
    await admit('unknown refuse', line);
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'unknown' });
  });

  it('is mounted where the station takes unknown cameras, also without a serial', async () => {
    await rm(at(`${USB}/serial`));
    await admit('unknown allow');
    await script('mount', 'sdb1');
    expect((await said()).length).toBe(2);
  });

  it('without a serial is refused, whatever is registered', async () => {
    await rm(at(`${USB}/serial`));
    await admit('unknown refuse', 'serial ');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({
      reason: 'it has no serial that could be registered',
      identity: { way: 'usb' },
    });
  });
});

describe('a device with the serial of a registered camera that can type', () => {
  const reason = 'it is a keyboard too, or something like it (USB class 03)';

  beforeEach(async () => {
    await put(`${USB}/bNumInterfaces`, ' 2\n');
    await face(1, '03');
  });

  it.each([['serial BC01'], ['unknown allow']])('is not mounted, and is told as what it is: %s', async (line) => {
    await admit(line);
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: `docket: sdb1: not mounted: ${reason}\n`,
    });
    expect(await said()).toEqual([]);
    expect(await note()).toMatchObject({ cause: 'keyboard', reason, port: '1-2', identity: { serial: 'BC01' } });
  });

  it('is told as that once somebody registers it, and then once', async () => {
    await admit('unknown refuse');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'unknown' });
    await admit('serial BC01');
    await script('again', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'keyboard' });
    const { ino } = await stat(at('run/docket/refused/sdb1'));
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0, stderr: '' });
    expect((await stat(at('run/docket/refused/sdb1'))).ino).toBe(ino);
    expect(await said()).toEqual([]);
  });

  it('is found out also if it shows its keyboard late', async () => {
    await rm(at(`${USB}/1-2:1.1`), { recursive: true });
    await put(
      'programs/sleep',
      `#!/bin/sh\nmkdir "${at(`${USB}/1-2:1.1`)}" && echo 03 >"${at(`${USB}/1-2:1.1/bInterfaceClass`)}"\n`,
    );
    await chmod(at('programs/sleep'), 0o755);
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'keyboard' });
  });

  it('is not mounted as long as not all of it shows', async () => {
    await rm(at(`${USB}/1-2:1.1`), { recursive: true });
    await put('programs/sleep', `#!/bin/sh\necho slept >>"${at('slept')}"\n`);
    await chmod(at('programs/sleep'), 0o755);
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 1 });
    expect(await note()).toMatchObject({
      cause: 'failed',
      reason: 'not all of its interfaces are there; plug it in again',
    });
    expect((await readFile(at('slept'), 'utf8')).split('\n').length - 1).toBe(5);
    expect(await said()).toEqual([]);
  });

  it('is mounted where a rule of the administrator takes it for a camera all the same', async () => {
    await put('run/udev/data/b8:17', 'E:ID_FS_TYPE=vfat\nE:DOCKET_HID=1\n');
    await script('mount', 'sdb1');
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
  });

  it('is not mounted for what it says of itself', async () => {
    await put('run/udev/data/b8:17', 'E:ID_FS_TYPE=vfat\nE:ID_MODEL=E:DOCKET_HID=1\nE:DOCKET_HID=10\n');
    await put(`${USB}/product`, 'E:DOCKET_HID=1\n');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'keyboard' });
  });
});

it('refuses a camera that speaks MTP and can type', async () => {
  await link('sys/dev/char/189:16', at(USB));
  await put(`${USB}/dev`, '189:16\n');
  await put(`${USB}/bNumInterfaces`, ' 2\n');
  await face(1, '03');
  expect(await script('mount', 'mtp001x017')).toMatchObject({ status: 0 });
  expect(await note('mtp001x017')).toMatchObject({ cause: 'keyboard', identity: { serial: 'BC01' } });
});

describe('the list of admitted cameras', () => {
  it('that docketd has not written yet is waited for: nothing is mounted, nobody refused', async () => {
    await rm(at('run/docket/admission/list'));
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
    expect(await said()).toEqual([]);
    expect(await note()).toBeUndefined();
  });

  it('is not followed through a link', async () => {
    await put('elsewhere', 'docket admission 1\nunknown allow\n');
    await rm(at('run/docket/admission/list'));
    await link('run/docket/admission/list', at('elsewhere'));
    await script('mount', 'sdb1');
    expect(await said()).toEqual([]);
  });

  it('is not waited for when it is a pipe', async () => {
    await rm(at('run/docket/admission/list'));
    expect(await run('mkfifo', [at('run/docket/admission/list')])).toMatchObject({ status: 0 });
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
    expect(await said()).toEqual([]);
  });
});

describe('what a device says of itself', () => {
  const HOSTILE = [`$(touch /tmp/x)`, '`id`', `'; rm -rf / #`, '"$IFS"', '-rf', '*', '%s%n', 'a\\nb', '..', '执法 01'];

  it.each(HOSTILE)('is text and nothing else: %s', async (text) => {
    await put(`${USB}/serial`, `${text}\n`);
    await put(`${USB}/product`, `${text}\n`);
    await put('run/udev/data/b8:17', `E:ID_FS_TYPE=vfat\nE:ID_FS_LABEL_ENC=${text}\n`);
    expect(await script('mount', 'sdb1')).toMatchObject({
      stderr: `docket: sdb1: not mounted: camera ${text} is not registered\n`,
    });
    expect(await note()).toMatchObject({ identity: { serial: text, model: text } });
    await admit('unknown refuse', `serial ${text}`);
    await script('again', 'sdb1');
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
  });

  it('cannot write a second line into a note', async () => {
    await put(`${USB}/serial`, 'BC09\ncause failed\nserial BC01\n');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'unknown', identity: { serial: 'BC09 cause failed serial BC01' } });
  });

  it('is read as docketd reads it, whatever invisible characters it holds', async () => {
    const parts = [
      'B',
      '7',
      ' ',
      '-',
      '执',
      '\u00e9',
      '\t',
      '\u007f',
      '\u0085',
      '\u00ad',
      '\u200b',
      '\u202e',
      '\u2066',
      '\ufeff',
    ];
    const serials = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 12 }).map((each) => each.join(''));
    await admit('unknown refuse');
    await fc.assert(
      fc.asyncProperty(serials, async (serial) => {
        await put(`${USB}/serial`, `${serial}\n`);
        await script('mount', 'sdb1');
        const text = await readFile(at('run/docket/refused/sdb1'), 'utf8');
        expect(/^serial (.*)$/m.exec(text)?.[1]).toBe(cleanFact(serial));
      }),
      { numRuns: 15 },
    );
  });
});
