// The small tools of verification: a set that never forgets a name, lanes that never lose an error, findings that are never dropped unsaid.
import { assert, property, string, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySet } from '../../src/custody/key-set.ts';
import { Lanes } from '../../src/custody/lanes.ts';
import { Gathering } from '../../src/custody/verify-result.ts';
import { finding } from '../../src/evidence/index.ts';

describe('a key set', () => {
  it('has every name that was added and no other', () => {
    assert(
      property(uniqueArray(string(), { maxLength: 300 }), (names) => {
        const set = new KeySet();
        const [inside, outside] = [names.filter((_, k) => k % 2 === 0), names.filter((_, k) => k % 2 === 1)];
        for (const name of inside) set.add(name);
        expect(inside.every((name) => set.has(name))).toBe(true);
        expect(outside.some((name) => set.has(name))).toBe(false);
        expect(set.size).toBe(inside.length);
      }),
    );
  });

  it('still has them after it grew many times', () => {
    const set = new KeySet();
    for (let k = 0; k < 20_000; k += 1) set.add(`payload/${k}`);
    for (let k = 0; k < 20_000; k += 1) expect(set.has(`payload/${k}`)).toBe(true);
    expect(set.has('payload/20000')).toBe(false);
  });
});

describe('lanes', () => {
  it('never run more than their width, and run everything', async () => {
    const lanes = new Lanes(3);
    let [now, most, done] = [0, 0, 0];
    for (let k = 0; k < 20; k += 1)
      await lanes.add(async () => {
        now += 1;
        most = Math.max(most, now);
        for (let tick = 0; tick < 20; tick += 1) await Promise.resolve();
        now -= 1;
        done += 1;
      });
    await lanes.drain();
    expect([most, done]).toEqual([3, 20]);
  });

  it('hand the first error to whoever drains', async () => {
    const lanes = new Lanes(2);
    await lanes.add(() => Promise.reject(new Error('first')));
    await expect(lanes.drain()).rejects.toThrow('first');
  });
});

describe('a gathering', () => {
  it('is in order only without findings', () => {
    const gathering = new Gathering();
    gathering.count('items', 2);
    expect(gathering.result()).toEqual({ ok: true, checked: { items: 2 }, findings: [] });
    gathering.add([finding('payload-missing', 'payload/x')]);
    expect(gathering.result().ok).toBe(false);
  });

  it('says how many findings it did not list', () => {
    const gathering = new Gathering();
    gathering.add(Array.from({ length: 100_003 }, (_, k) => finding('payload-missing', `payload/${k}`)));
    expect(gathering.result().findings.at(-1)?.what).toContain('3 further findings');
  });

  it('tells the very same finding once, and one that differs in a word by itself', () => {
    const gathering = new Gathering();
    const whats = ['a', 'a', 'b'];
    gathering.add(whats.map((what) => finding('object-writable', 'payload/x', what)));
    gathering.add([finding('object-writable', 'payload/y', 'a'), finding('payload-altered', 'payload/x', 'a')]);
    gathering.add([finding('object-writable', 'payload/x', 'b')]);
    expect(gathering.result().findings).toHaveLength(4);
  });
});
