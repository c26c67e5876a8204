// A sealed manifest says one thing in one form: no bit of it can be another, no member can be added, and the seal is one key's.
import { describe, expect, it } from 'vitest';
import {
  encodeSealed,
  isFailure,
  keyLabel,
  MAX_MANIFEST_BYTES,
  type Manifest,
  manifestBytes,
  openSealed,
  parseManifest,
  type Signer,
} from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';
import { manifestWith, SIGNER, signerOf } from './samples.ts';

function sealOf(manifest: Manifest, signer: Signer = SIGNER): Buffer {
  return encodeSealed(manifest, [
    { key: keyLabel(signer), value: signer.sign(manifestBytes(manifest)).toString('base64') },
  ]);
}

function opens(bytes: Buffer): boolean {
  try {
    openSealed(bytes, SIGNER, 'it');
    return true;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return false;
  }
}

const manifest = manifestWith();
const sealed = sealOf(manifest);

it('opens to exactly what was sealed', () => {
  expect(openSealed(sealed, SIGNER, 'it')).toEqual(manifest);
  expect(sealed.at(-1)).toBe(0x0a);
  const bare = manifestWith({ case: undefined, payload: { sha256: '00'.repeat(32), sizeBytes: 0 } });
  expect(openSealed(sealOf(bare), SIGNER, 'it')).toEqual(bare);
});

describe('tampering', () => {
  it('with any single bit is refused', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const tampered = Buffer.from(sealed);
        tampered[at] = (sealed[at] ?? 0) ^ (1 << bit);
        expect(opens(tampered), `byte ${at}, bit ${bit}: ${tampered.subarray(at - 10, at + 10).toString()}`).toBe(
          false,
        );
      }
    }
  });

  it('with the length is refused at every byte', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      expect(opens(sealed.subarray(0, at)), `cut at ${at}`).toBe(false);
      expect(
        opens(Buffer.concat([sealed.subarray(0, at), Buffer.from(' '), sealed.subarray(at)])),
        `blank at ${at}`,
      ).toBe(false);
    }
  });

  it('with the unused bits of the signature is refused: there is one file for one seal', () => {
    const text = sealed.toString();
    const at = text.indexOf('=="}');
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'];
    const accepted = alphabet.filter((char) => opens(Buffer.from(`${text.slice(0, at - 1)}${char}${text.slice(at)}`)));
    expect(accepted).toEqual([text[at - 1]]);
  });

  it('with a member nobody knows is refused, signed or not', () => {
    const more = { ...manifest, remark: 'x' } as Manifest; // what a forger or a later version might write
    expectFailure('invalid', () => openSealed(sealOf(more), SIGNER, 'it'));
    const text = sealed.toString().replace('{"manifest"', '{"__proto__":{"x":1},"manifest"');
    expect(opens(Buffer.from(text))).toBe(false);
    expect(opens(Buffer.from(sealed.toString().replace('"v":1', '"__proto__":{},"v":1')))).toBe(false);
  });
});

describe('the seal', () => {
  it('of another key, or of ours under another name, is refused', () => {
    const other = signerOf(SIGNER.name, Buffer.alloc(32, 8));
    expectFailure('signature-invalid', () => openSealed(sealOf(manifest, other), SIGNER, 'it'));
    const posing = { ...other, keyId: SIGNER.keyId };
    expectFailure('signature-invalid', () => openSealed(sealOf(manifest, posing), SIGNER, 'it'));
  });

  it('of another manifest is refused', () => {
    const value = SIGNER.sign(manifestBytes(manifestWith({ keyMark: false }))).toString('base64');
    const swapped = encodeSealed(manifest, [{ key: keyLabel(SIGNER), value }]);
    expectFailure('signature-invalid', () => openSealed(swapped, SIGNER, 'it'));
  });

  it('stands beside those of others, and is found by its label', () => {
    const others = [signerOf('docket/station-8', Buffer.alloc(32, 8)), SIGNER];
    const both = encodeSealed(
      manifest,
      others.map((each) => ({ key: keyLabel(each), value: each.sign(manifestBytes(manifest)).toString('base64') })),
    );
    expect(openSealed(both, SIGNER, 'it')).toEqual(manifest);
    expectFailure('invalid', () => openSealed(encodeSealed(manifest, []), SIGNER, 'it'));
  });
});

describe('a manifest of a later version', () => {
  const later = { ...manifest, v: 2, remark: 'x' } as unknown as Manifest; // what a later docket may write

  it('that is sealed is told as one, whatever else is in it', () => {
    const error = expectFailure('format-newer', () => openSealed(sealOf(later), SIGNER, 'it'));
    expect(error.message).toContain('version 2');
    expectFailure('format-newer', () => parseManifest(later, 'it'));
  });

  it('that nobody sealed is none: damage must not pass for it', () => {
    const tampered = Buffer.from(sealed.toString().replace('"v":1', '"v":2'));
    expectFailure('signature-invalid', () => openSealed(tampered, SIGNER, 'it'));
    const other = signerOf(SIGNER.name, Buffer.alloc(32, 8));
    expectFailure('signature-invalid', () => openSealed(sealOf(later, other), SIGNER, 'it'));
    const blank = Buffer.concat([sealOf(later), Buffer.from(' ')]);
    expectFailure('invalid', () => openSealed(blank, SIGNER, 'it'));
  });

  it.each([['2'], [1.5], [true], [2 ** 60], [-1]])('is none of version %s', (v) => {
    expectFailure('invalid', () => parseManifest({ ...manifest, v }, 'it'));
  });
});

describe('a manifest', () => {
  it.each([
    ['a version that never was', { v: 0 }],
    ['a kind docket does not have', { kind: 'video' }],
    ['a size that is no number of bytes', { payload: { sha256: 'ab'.repeat(32), sizeBytes: -1 } }],
    ['a digest in capitals', { payload: { sha256: 'AB'.repeat(32), sizeBytes: 1 } }],
    [
      'a time that does not exist',
      { reading: { startedAt: '2026-02-30T00:00:00.000Z', finishedAt: '2026-03-01T00:00:00.000Z' } },
    ],
    ['a retention that is no rule', { retention: { class: 'case', rule: 'sometimes', until: 'permanent' } }],
    ['a retention of no days', { retention: { class: 'case', rule: { days: 0 }, until: 'permanent' } }],
    ['a case number with an invisible character', { case: '2026\u200b-3' }],
  ])('with %s is none', (_, changes) => {
    const error = expectFailure('invalid', () => parseManifest({ ...manifest, ...changes }, 'manifests/x.json'));
    expect(error.message).toContain('manifests/x.json');
  });

  it('larger than any of ours is not even parsed', () => {
    const error = expectFailure('invalid', () => openSealed(Buffer.alloc(MAX_MANIFEST_BYTES + 1), SIGNER, 'it'));
    expect(error.message).toContain('larger');
  });
});
