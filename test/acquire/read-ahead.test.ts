// Reading ahead: every byte once and in order, the next chunk read while the last is used, and nothing left behind when either side fails.
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUFFER_BYTES, type ReadAt, readThrough } from '../../src/acquire/read-ahead.ts';

const MIB = 1_048_576;

function readerOver(bytes: Buffer, most = Number.POSITIVE_INFINITY): ReadAt {
  return async (buffer, length, position) => bytes.copy(buffer, 0, position, position + Math.min(length, most));
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('every byte comes once and in order', () => {
  const whole = randomBytes(3 * BUFFER_BYTES + 5);

  it.each([0, 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 3 * BUFFER_BYTES + 5])(
    'of %i bytes',
    async (size) => {
      const bytes = whole.subarray(0, size);
      const got: Buffer[] = [];
      let next = 0;
      const end = await readThrough(readerOver(bytes), 0, (chunk, position) => {
        expect(position).toBe(next);
        next += chunk.length;
        got.push(Buffer.from(chunk));
      });
      expect(end).toBe(size);
      expect(Buffer.concat(got).equals(bytes)).toBe(true);
    },
  );

  it('from any byte on, however little the camera gives at once (property)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5000), fc.nat(5000), fc.integer({ min: 1, max: 700 }), async (size, from, most) => {
        const bytes = whole.subarray(0, size);
        const got: Buffer[] = [];
        const start = Math.min(from, size);
        const end = await readThrough(readerOver(bytes, most), start, (chunk) => void got.push(Buffer.from(chunk)));
        expect(end).toBe(size);
        expect(Buffer.concat(got).equals(bytes.subarray(start))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('reading and using', () => {
  it('go on side by side, one read ahead and no more, and a chunk stays as it is while it is used', async () => {
    const bytes = randomBytes(10_000);
    const events: string[] = [];
    let inFlight = 0;
    const read: ReadAt = async (buffer, _length, position) => {
      events.push(`read ${position}`);
      inFlight += 1;
      expect(inFlight).toBe(1);
      await settle();
      inFlight -= 1;
      return bytes.copy(buffer, 0, position, position + 4000);
    };
    await readThrough(read, 0, async (chunk, position) => {
      events.push(`use ${position}`);
      for (let k = 0; k < 5; k += 1) await settle(); // the next read ends meanwhile
      expect(chunk.equals(bytes.subarray(position, position + chunk.length))).toBe(true);
      events.push(`used ${position}`);
    });
    const turns = [
      'read 0, read 4000, use 0, used 0',
      'read 8000, use 4000, used 4000',
      'read 10000, use 8000, used 8000',
    ];
    expect(events.join(', ')).toBe(turns.join(', '));
  });

  it('do not mix: many at once each get their own bytes', async () => {
    const sources = Array.from({ length: 12 }, () => randomBytes(50_000));
    await Promise.all(
      sources.map(async (bytes) => {
        const got: Buffer[] = [];
        await readThrough(readerOver(bytes, 7000), 0, async (chunk) => {
          await settle();
          got.push(Buffer.from(chunk));
        });
        expect(Buffer.concat(got).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe('when something fails', () => {
  it('in a read while a write is under way, the write ends first, then the error is told', async () => {
    const events: string[] = [];
    const read: ReadAt = async (_buffer, _length, position) => {
      if (position > 0) throw new Error('the camera left');
      return 10;
    };
    const ended = readThrough(read, 0, async () => {
      for (let k = 0; k < 5; k += 1) await settle();
      events.push('written');
    });
    await expect(ended).rejects.toThrow('the camera left');
    expect(events).toEqual(['written']);
  });

  it.each(['ends well', 'fails too'])(
    'in a write while a read is under way that %s, the read ends first, then the error is told',
    async (how) => {
      const late = Promise.withResolvers<number>();
      let quiet = false;
      const read: ReadAt = async (_buffer, _length, position) => {
        if (position === 0) return 10;
        await late.promise.catch(() => undefined);
        quiet = true;
        if (how === 'fails too') throw new Error('the camera left as well');
        return 10;
      };
      const ended = readThrough(read, 0, () => Promise.reject(new Error('the disk is full')));
      let told = false;
      const watched = ended.catch(() => {
        told = true;
        expect(quiet).toBe(true); // only then may its buffer be lent again
      });
      for (let k = 0; k < 5; k += 1) await settle();
      expect(told).toBe(false);
      late.resolve(10);
      await expect(ended).rejects.toThrow('the disk is full');
      await watched;
      expect(told).toBe(true);
    },
  );

  it('when cancelled, no further chunk is used, and the reason is told', async () => {
    const abort = new AbortController();
    const reason = new Error('the station stops');
    const used: number[] = [];
    const ended = readThrough(
      readerOver(randomBytes(50_000), 10_000),
      0,
      (_chunk, position) => {
        used.push(position);
        if (position === 20_000) abort.abort(reason);
      },
      abort.signal,
    );
    await expect(ended).rejects.toBe(reason);
    expect(used).toEqual([0, 10_000, 20_000]);
  });
});
