// One value has one byte form: the vectors of RFC 8785, and the property that what was parsed is written again as it was.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCanonical, decodeJson, encodeCanonical, formatCanonical, isFailure } from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';

function doubleOf(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleBE();
}

describe('numbers are written as RFC 8785 appendix B shows', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('%s is %s', (hex, text) => {
    expect(formatCanonical(doubleOf(hex))).toBe(text);
  });

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('%s cannot be said', (hex) => {
    expectFailure('invalid', () => formatCanonical(doubleOf(hex)));
  });
});

describe('texts and members', () => {
  it('writes the example of RFC 8785 section 3.2.4 byte for byte', () => {
    const input = String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
      "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`;
    const hex = [
      '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e33333333333333',
      '2c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d',
    ].join('');
    expect(encodeCanonical(decodeJson(Buffer.from(input), 'the example')).toString('hex')).toBe(hex);
  });

  it('orders members by UTF-16 code units, not by code points', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.keys(JSON.parse(formatCanonical(value)) as object)).toEqual([
      '1',
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\ud83d\ude00',
      '\ufb33',
    ]);
    expect(formatCanonical(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  it('escapes what must be escaped and nothing else', () => {
    expect(formatCanonical('\0\u0001\b\t\n\f\r\u001f"\\/\u007f\u0080\u2028证')).toBe(
      '"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u007f\u0080\u2028证"',
    );
  });

  it('refuses lone surrogates in texts and in names', () => {
    expectFailure('invalid', () => formatCanonical('a\ud800'));
    expectFailure('invalid', () => formatCanonical({ '\udc00': 1 }));
  });

  it('leaves out members that are undefined, and keeps a member named __proto__', () => {
    expect(formatCanonical({ b: undefined, a: 1 })).toBe('{"a":1}');
    expect(formatCanonical(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}');
  });

  it.each([
    ['undefined', undefined],
    ['undefined in a list', [undefined]],
    ['a hole in a list', Object.assign([1], { length: 3 })],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a Buffer', Buffer.from('x')],
  ])('refuses %s', (_, value) => {
    expectFailure('invalid', () => formatCanonical(value));
  });

  it('refuses what is nested deeper than any record of ours', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(formatCanonical(nested(30))).toHaveLength(60);
    expectFailure('invalid', () => formatCanonical(nested(40)));
  });
});

describe('reading', () => {
  it('writes again, byte for byte, whatever it wrote (property)', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const bytes = encodeCanonical(value);
        expect(encodeCanonical(decodeCanonical(bytes, 'it')).equals(bytes)).toBe(true);
        expect(JSON.parse(bytes.toString())).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order members were put in (property)', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer(), { maxKeys: 8 }), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(formatCanonical(turned)).toBe(formatCanonical(value));
      }),
    );
  });

  it.each([
    ['a space', '{"a": 1}'],
    ['another order', '{"b":1,"a":2}'],
    ['a member given twice', '{"a":1,"a":1}'],
    ['another number form', '[1.0]'],
    ['minus zero', '[-0]'],
    ['a needless escape', String.raw`["\u0041"]`],
    ['a byte order mark', '\ufeff[]'],
    ['a newline at the end', '[]\n'],
  ])('refuses JSON with %s as not canonical', (_, text) => {
    expectFailure('invalid', () => decodeCanonical(Buffer.from(text), 'the entry'));
  });

  it('names what it refuses, and never passes bytes that are not UTF-8', () => {
    const error = expectFailure('invalid', () => decodeJson(Buffer.from([0x22, 0xff, 0x22]), 'receipts/x.json'));
    expect(error.message).toContain('receipts/x.json');
    expectFailure('invalid', () => decodeJson(Buffer.from('['.repeat(1_000_000)), 'a hostile file'));
  });

  it('passes arbitrary bytes only when they are canonical (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          expect(encodeCanonical(decodeCanonical(bytes, 'it')).equals(bytes)).toBe(true);
        } catch (error) {
          expect(isFailure(error, 'invalid')).toBe(true);
        }
      }),
    );
  });
});
