// Files made to mislead, to break or to exhaust what looks inside them: each is a fact about the file, never a failure.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ItemKind, parseItemId } from '../../src/evidence/index.ts';
import { DEFAULT_MEDIA_LIMITS, DEFAULT_TOOLS, type Media, type Pictures } from '../../src/media/index.ts';
import { run } from '../child.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { type MadeMedia, makeDocxBomb, makeFootage, makePngBomb, makeSparse } from './make-media.ts';
import { look, openTestMedia } from './open.ts';

const ITEM = parseItemId('20260131-080000-00000000-000001');

let folder: TempFolder;
let made: MadeMedia;
let media: Media;

beforeAll(async () => {
  folder = await makeTempFolder();
  made = await makeFootage(folder.at('media'));
  media = openTestMedia(folder.path);
});
afterAll(async () => {
  await media[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function write(name: string, bytes: string | Uint8Array): Promise<string> {
  const path = folder.at(name);
  await writeFile(path, bytes);
  return path;
}

async function draw(path: string): Promise<Pictures> {
  return await media.makePictures({ path, item: ITEM, kind: 'footage', name: 'x.mp4' });
}

describe('footage that is none', () => {
  it('is unreadable when it was cut off before its index was written, and says so', async () => {
    expect(await look(media, made.moovless, 'footage')).toMatchObject({
      readable: false,
      problem: expect.stringMatching(/moov/) as unknown,
    });
  });

  it('is unreadable when it was cut off in its pictures, with what it claims', async () => {
    expect(await look(media, made.cut, 'footage')).toMatchObject({
      readable: false,
      problem: expect.stringMatching(/cut off.* \d+ bytes/) as unknown,
      facts: { durationMs: 6000 },
    });
  });

  it.each([
    ['playlist.mp4', '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:6,\nfile://ANOTHER\n#EXT-X-ENDLIST\n'],
    ['list.mp4', "ffconcat version 1.0\nfile 'ANOTHER'\n"],
    [
      'manifest.mp4',
      '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT6S"><Period>' +
        '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>file://ANOTHER</BaseURL>' +
        '<SegmentList><SegmentURL media="file://ANOTHER"/></SegmentList></Representation></AdaptationSet></Period></MPD>',
    ],
    ['picture.mp4', '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'],
    ['session.mp4', 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n'],
    ['words.mp4', 'nothing but words'],
  ])('is unreadable when it holds no recording but may name one: %s', async (name, text) => {
    const path = await write(name, text.replaceAll('ANOTHER', made.another));
    const found = await look(media, path, 'footage');
    expect(found).toMatchObject({ readable: false, problem: expect.stringMatching(/./) as unknown });
    expect(found.facts).toBeUndefined();
    expect((await draw(path)).poster).toBeUndefined();
  });

  it.each(['footage', 'photo', 'audio', 'document'] as const)('is unreadable when it is empty: %s', async (kind) => {
    const found = await look(media, await write('empty', ''), kind);
    expect(found).toMatchObject({ readable: false, problem: 'it is empty' });
  });

  it('is unreadable when five GiB of zeros, or of zeros behind a beginning', async () => {
    await makeSparse(folder.at('zeros.mp4'), Buffer.alloc(0));
    expect(await look(media, folder.at('zeros.mp4'), 'footage')).toMatchObject({ readable: false });
    await makeSparse(folder.at('begun.mp4'), Buffer.from('\0\0\0\u0018ftypisom\0\0\0\0isomavc1'));
    expect(await look(media, folder.at('begun.mp4'), 'footage')).toMatchObject({ readable: false });
  });

  it('is unreadable when it is a folder, a pipe or not there, without waiting for it', async () => {
    await mkdir(folder.at('folder.mp4'));
    expect((await run('mkfifo', [folder.at('pipe.mp4')])).status).toBe(0);
    await symlink(folder.at('nowhere'), folder.at('gone.mp4'));
    for (const name of ['folder.mp4', 'pipe.mp4', 'gone.mp4'])
      expect(await look(media, folder.at(name), 'footage')).toMatchObject({ readable: false });
  });
});

describe('a photo that is none', () => {
  it.each([
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'],
    ['words', 'nothing but words'],
    ['a JPEG of its mark alone', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ])('is unreadable when it is %s', async (_what, bytes) => {
    expect(await look(media, await write('photo.jpg', bytes), 'photo')).toMatchObject({ readable: false });
  });

  it('is unreadable when it was cut off, with what it claims', async () => {
    const whole = await readFile(made.photo);
    const found = await look(media, await write('cut.jpg', whole.subarray(0, whole.length >> 1)), 'photo');
    expect(found).toMatchObject({ readable: false, facts: { image: { widthPx: 1280 } } });
  });

  it('is not unpacked when it claims more pixels than a photo has', async () => {
    const found = await look(media, await write('bomb.png', makePngBomb(60_000)), 'photo');
    expect(found).toMatchObject({ readable: false, problem: expect.stringMatching(/pixel/) as unknown });
  });
});

describe('a document that is none', () => {
  it('is read no further than its words are kept, however much it unpacks to', async () => {
    const path = await write('bomb.docx', makeDocxBomb(300));
    const found = await look(media, path, 'document');
    expect(found.facts?.text?.length).toBeLessThanOrEqual(12_000);
  });

  it.each([
    ['damaged.pdf', '%PDF-1.7\nnothing'],
    ['damaged.docx', 'PK\u0003\u0004 nothing'],
    ['noise.bin', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256))],
  ])('is unreadable when it is %s', async (name, bytes) => {
    expect(await look(media, await write(name, bytes), 'document')).toMatchObject({
      readable: false,
      problem: expect.stringMatching(/./) as unknown,
    });
  });
});

describe('a look that goes wrong', () => {
  /** A program that does what the shell says, instead of ffprobe. */
  async function impostor(name: string, script: string, examineMs = 2000): Promise<Media> {
    const path = folder.at(name);
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return openTestMedia(folder.path, {
      tools: { ...DEFAULT_TOOLS, ffprobe: path },
      limits: { ...DEFAULT_MEDIA_LIMITS, examineMs, cpuSeconds: 1 },
    });
  }

  it('ends when it takes too long, with all it started, and the next look is answered', async () => {
    await using slow = await impostor('slow', 'exec sleep 31415.9');
    expect(await look(slow, made.footage, 'footage')).toMatchObject({
      readable: false,
      problem: expect.stringMatching(/longer than 2 s/) as unknown,
    });
    expect((await run('pgrep', ['-fx', 'sleep 31415.9'])).stdout).toBe('');
    expect(await look(slow, made.photo, 'photo')).toMatchObject({ readable: true });
  });

  it('ends when it uses up its processor time', async () => {
    await using busy = await impostor('busy', 'while :; do :; done', 60_000);
    expect(await look(busy, made.footage, 'footage')).toMatchObject({
      readable: false,
      problem: expect.stringMatching(/processor time/) as unknown,
    });
  });

  it('is a failure of the station, not of the file, when ffprobe is not installed', async () => {
    await using bare = openTestMedia(folder.path, { tools: { ...DEFAULT_TOOLS, ffprobe: '/nowhere/ffprobe' } });
    await expect(look(bare, made.footage, 'footage')).rejects.toMatchObject({ code: 'media-tool-missing' });
  });

  it('can be cancelled, also while it waits for its turn', async () => {
    await using slow = await impostor('slow', 'exec sleep 1000');
    const cancelled = new AbortController();
    const looks = Promise.allSettled([1, 2].map(() => look(slow, made.footage, 'footage', cancelled.signal)));
    cancelled.abort();
    expect(await looks).toMatchObject([1, 2].map(() => ({ status: 'rejected', reason: { code: 'cancelled' } })));
  });

  it('is cancelled when the room is closed', async () => {
    const slow = await impostor('slow', 'exec sleep 1000');
    const begun = look(slow, made.footage, 'footage' satisfies ItemKind);
    await Promise.all([expect(begun).rejects.toMatchObject({ code: 'cancelled' }), slow[Symbol.asyncDispose]()]);
  });

  it('cannot make the room keep what is no fact', async () => {
    await using liar = await impostor(
      'liar',
      String.raw`printf '[STREAM]\ncodec_type=video\ncodec_name=x\nwidth=1e999\nheight=7.5\n[/STREAM]\n[FORMAT]\nduration=-5\nTAG:location=a\001b\n[/FORMAT]\n'`,
    );
    const { facts } = await look(liar, made.footage, 'footage');
    expect(facts).not.toHaveProperty('durationMs');
    expect(facts?.location ?? '').not.toContain('\u0001');
  });
});

describe('the limits of what looks inside', () => {
  const limited = new URL('../../src/media/limited.sh', import.meta.url).pathname;

  it('let it write to no file', async () => {
    const { status } = await run(limited, ['1000000000', '5', 'sh', '-c', `echo evidence > ${folder.at('written')}`]);
    expect(status).not.toBe(0);
    const { stdout } = await run('cat', [folder.at('written')]);
    expect(stdout).toBe('');
  });

  it('leave it no network but, at most, its own', async () => {
    const { stdout } = await run(limited, ['1000000000', '5', 'cat', '/proc/net/dev']);
    expect(stdout.match(/^\s*\w+:/gm)?.map((each) => each.trim())).toEqual(['lo:']);
  });

  it('have the kernel end it before anything else when the machine has no memory left', async () => {
    const { stdout } = await run(limited, ['1000000000', '5', 'cat', '/proc/self/oom_score_adj']);
    expect(stdout).toBe('1000\n');
  });

  it('stop it when it takes too much memory', async () => {
    const eat = 'const kept = []; for (;;) kept.push(Buffer.alloc(1e7, 1));';
    const { status, signal } = await run(limited, ['300000000', '20', process.execPath, '-e', eat]);
    expect(status === 0 && signal === null).toBe(false);
  });
});
