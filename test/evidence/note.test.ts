// Signed notes are C2SP's, byte for byte: the published examples open here, and no byte of a note can be another.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatKeyLine,
  formatPublicPem,
  formatSignature,
  keyIdOf,
  MAX_NOTE_BYTES,
  makeVerifier,
  openNote,
  parseKeyLine,
  parseNote,
  signNote,
} from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';
import { SIGNER, signerOf } from './samples.ts';

// Published in the documentation of golang.org/x/mod/sumdb/note.
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETER_SEED = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const ENOCH = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const ENOCH_LINE =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
// The example of c2sp.org/signed-note as other implementations publish it.
const FOO = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const FOO_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

describe('the published examples', () => {
  it('open with the published keys', () => {
    expect(openNote(`${TEXT}\n${PETER_LINE}`, parseKeyLine(PETER), 'the note')).toBe(TEXT);
    expect(openNote(`${TEXT}\n${PETER_LINE}${ENOCH_LINE}`, parseKeyLine(PETER), 'the note')).toBe(TEXT);
    expect(openNote(`${TEXT}\n${PETER_LINE}${ENOCH_LINE}`, parseKeyLine(ENOCH), 'the note')).toBe(TEXT);
    expect(openNote(FOO_NOTE, parseKeyLine(FOO), 'the note')).toBe('This is an example message.\n');
  });

  it('are signed here with the same bytes', () => {
    expect(signNote(TEXT, signerOf('PeterNeumann', PETER_SEED))).toBe(`${TEXT}\n${PETER_LINE}`);
  });

  it('have key lines that are read and written again unchanged, also with a plus sign in the key', () => {
    const plus = 'TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6';
    for (const line of [PETER, ENOCH, FOO, plus]) expect(formatKeyLine(parseKeyLine(line))).toBe(line);
    const { name, publicKey } = parseKeyLine(PETER);
    expect(keyIdOf(name, publicKey).toString('hex')).toBe('c74f20a3');
    expect(keyIdOf('PeterNeuman', publicKey).toString('hex')).not.toBe('c74f20a3');
  });

  it('have key lines of which no part and no mangling is a key', () => {
    for (let from = 0; from <= PETER.length; from += 1) {
      for (let to = from; to <= PETER.length; to += 1)
        if (to - from < PETER.length) expectFailure('invalid', () => parseKeyLine(PETER.slice(from, to)));
    }
    for (let at = 0; at < PETER.length; at += 1) {
      const bytes = Buffer.from(PETER, 'latin1');
      for (const bit of [1, 2, 4, 16, 32]) {
        bytes[at] = PETER.charCodeAt(at) ^ bit;
        expectFailure('invalid', () => parseKeyLine(bytes.toString('latin1')));
      }
    }
    for (const bad of [
      `${PETER}=`,
      `${PETER}A`,
      `${PETER}AAAA`,
      PETER.replace('+AR', '+Ag'),
      PETER.replaceAll('+', ' '),
    ])
      expectFailure('invalid', () => parseKeyLine(bad));
  });
});

describe('a note', () => {
  const note = signNote('docket/station-7\n42\n5YiR5LqL\n\n证据 ünïcode\n', SIGNER);

  it('may hold empty lines and Chinese, and gives back exactly what was signed', () => {
    expect(openNote(note, SIGNER, 'it')).toBe('docket/station-7\n42\n5YiR5LqL\n\n证据 ünïcode\n');
  });

  it('opens for whoever has the key line, and for nobody else', () => {
    expect(openNote(note, parseKeyLine(formatKeyLine(SIGNER)), 'it')).toContain('docket/station-7');
    expectFailure('signature-invalid', () => openNote(note, signerOf(SIGNER.name, Buffer.alloc(32, 8)), 'it'));
    const renamed = makeVerifier('docket/station-8', SIGNER.publicKey);
    expectFailure('signature-invalid', () => openNote(note, renamed, 'it'));
  });

  it('is refused when any single bit of it is another', () => {
    const bytes = Buffer.from(note);
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const tampered = Buffer.from(bytes);
        tampered[at] = (bytes[at] ?? 0) ^ (1 << bit);
        expect(() => openNote(tampered.toString('utf8'), SIGNER, 'it'), `byte ${at}, bit ${bit}`).toThrow();
      }
    }
  });

  it('is refused when any byte is missing or given twice', () => {
    const bytes = Buffer.from(note);
    for (let at = 0; at < bytes.length; at += 1) {
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      const twice = Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)]);
      expect(() => openNote(without.toString('utf8'), SIGNER, 'it'), `without byte ${at}`).toThrow();
      expect(() => openNote(twice.toString('utf8'), SIGNER, 'it'), `byte ${at} twice`).toThrow();
    }
  });

  it('has one form: a signature whose unused base64 bits are set is another file, and refused', () => {
    const [head, last] = [note.slice(0, -3), note.slice(-3)];
    expect(last).toMatch(/^.=\n$/);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const opened = [...alphabet].filter((char) => {
      try {
        return openNote(`${head}${char}=\n`, SIGNER, 'it') !== '';
      } catch {
        return false;
      }
    });
    expect(opened).toEqual([last[0]]);
  });

  it('opens with signatures of unknown keys around ours, whatever they are', () => {
    const other = signerOf('witness.example/w', Buffer.alloc(32, 9));
    const unknown = formatSignature({ name: SIGNER.name, keyId: Buffer.from('00000000', 'hex') }, Buffer.alloc(71));
    const text = parseNote(note, 'it').text;
    const lines = [formatSignature(other, other.sign(Buffer.from(text))), unknown];
    expect(openNote(`${note}${lines.join('')}`, SIGNER, 'it')).toBe(text);
    expect(openNote(`${text}\n${lines.join('')}${note.slice(text.length + 1)}`, other, 'it')).toBe(text);
    expect(parseNote(`${note}${lines.join('')}`, 'it').signatures).toHaveLength(3);
  });

  it('is refused when a known key signed it twice and one does not fit', () => {
    const wrong = formatSignature(SIGNER, SIGNER.sign(Buffer.from('another text\n')));
    expectFailure('signature-invalid', () => openNote(note + wrong, SIGNER, 'it'));
  });

  it('with 16 signatures is read, with hundreds refused', () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, k) =>
        formatSignature(signerOf(`w/${k}`, Buffer.alloc(32, k)), Buffer.alloc(64)),
      ).join('');
    expect(parseNote(note + lines(16), 'it').signatures).toHaveLength(17);
    expectFailure('invalid', () => parseNote(note + lines(200), 'it'));
    expectFailure('invalid', () => parseNote(`${'a'.repeat(MAX_NOTE_BYTES)}\n\n${PETER_LINE}`, 'it'));
  });

  it.each([
    ['nothing', ''],
    ['no text', PETER_LINE],
    ['no signature', `${TEXT}\n`],
    ['no empty line', `${TEXT}${PETER_LINE}`],
    ['no newline at the end', `${TEXT}\n${PETER_LINE.trimEnd()}`],
    ['two newlines at the end', `${TEXT}\n${PETER_LINE}\n`],
    ['a hyphen for the dash', `${TEXT}\n${PETER_LINE.replace('—', '-')}`],
    ['a carriage return', `${TEXT}\n${PETER_LINE.replace('\n', '\r\n')}`],
    ['two spaces', `${TEXT}\n${PETER_LINE.replace('— ', '—  ')}`],
    ['a signature of four bytes', `${TEXT}\n— PeterNeumann x08gow==\n`],
    ['a tab in the text', `a\tb\n\n${PETER_LINE}`],
    ['a NUL in the text', `a\0b\n\n${PETER_LINE}`],
  ])('with %s is none', (_, text) => {
    expectFailure('invalid', () => parseNote(text, 'checkpoint'));
  });

  it.each([
    ['without a newline at the end', 'text'],
    ['with a lone surrogate', '\ud800\n'],
    ['with control characters', 'a\u0007\n'],
  ])('is never signed %s', (_, text) => {
    expectFailure('invalid', () => signNote(text, SIGNER));
  });

  it('opens whatever text it was made of (property)', () => {
    const text = fc.string({ unit: 'grapheme' }).map((each) => `${each.replaceAll(/\p{Cc}/gu, '')}\n`);
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), (first, more) => {
        const whole = [first, ...more].join('');
        expect(openNote(signNote(whole, SIGNER), SIGNER, 'it')).toBe(whole);
      }),
      { numRuns: 100 },
    );
  });
});

it('keys have names C2SP allows', () => {
  for (const bad of ['', 'a b', 'a+b', 'a\u3000b', 'a\nb', 'a'.repeat(256)])
    expectFailure('invalid', () => makeVerifier(bad, SIGNER.publicKey));
  expectFailure('invalid', () => makeVerifier('a', SIGNER.publicKey.subarray(1)));
  expect(formatPublicPem(SIGNER)).toMatch(
    /^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=]{60}\n-----END PUBLIC KEY-----\n$/,
  );
});
