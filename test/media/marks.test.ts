// The glance: what cannot be a recording is told without starting a child; whatever might be one goes to the examiner.
import { describe, expect, it } from 'vitest';
import { glance } from '../../src/media/glance.ts';
import { mayBeRecording } from '../../src/media/marks.ts';

/** A transport stream: packets of one size that begin with the sync byte, behind a time stamp in AVCHD. */
function packets(step: number): Buffer {
  const bytes = Buffer.alloc(step * 4, 0x11);
  for (let k = 0; k < 4; k += 1) bytes[k * step + (step - 188)] = 0x47;
  return bytes;
}

const RECORDINGS: readonly [string, Buffer][] = [
  ['mp4', Buffer.from('00000018667479706d703432', 'hex')],
  ['a QuickTime file that begins with its data', Buffer.from('000000086d646174', 'hex')],
  ['avi and wav', Buffer.from('RIFF....AVI ')],
  ['mkv', Buffer.from('1a45dfa3', 'hex')],
  ['asf', Buffer.from('3026b2758e66cf11', 'hex')],
  ['mp3 behind a tag', Buffer.from('ID3\u0003')],
  ['mp3', Buffer.from('fffb9064', 'hex')],
  ['aac', Buffer.from('fff15080', 'hex')],
  ['amr', Buffer.from('#!AMR\n')],
  ['dav', Buffer.from('DHAV')],
  ['raw H.264', Buffer.from('0000000167', 'hex')],
  ['ts', packets(188)],
  ['m2ts', packets(192)],
];

describe('the first bytes', () => {
  it.each(RECORDINGS)('of %s may be a recording', (_, head) => {
    expect(mayBeRecording(head)).toBe(true);
    expect(glance({ kind: 'footage', extension: 'mp4', textChars: 100 }, head)).toBeUndefined();
  });

  it.each([
    ['text', Buffer.from('not a film')],
    ['a picture', Buffer.from('89504e470d0a1a0a', 'hex')],
    ['a playlist', Buffer.from('#EXTM3U\nfile:///etc/passwd')],
    ['a list of files', Buffer.from('ffconcat version 1.0\nfile x')],
    ['nothing known', Buffer.from('123456789abc', 'hex')],
  ])('of %s are no recording', (_, head) => {
    expect(glance({ kind: 'footage', extension: 'mp4', textChars: 100 }, head)).toMatchObject({ readable: false });
  });

  it('of plain text are all that is needed of a document', () => {
    expect(glance({ kind: 'document', extension: 'txt', textChars: 4 }, Buffer.from('询问笔录：属实'))).toMatchObject({
      readable: true,
      facts: { text: '询问笔录' },
    });
    expect(glance({ kind: 'document', extension: 'pdf', textChars: 4 }, Buffer.from('%PDF-1.7'))).toBeUndefined();
  });
});
