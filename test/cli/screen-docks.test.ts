// The state of a dock: what an officer is told of it, never more hopeful than the facts.
import { describe, expect, it } from 'vitest';
import { screenDocks } from '../../src/cli/screen-docks.ts';
import type { DockView } from '../../src/cli/use-cases.ts';
import { COPYING, dockOf, GIB, TAKE, viewOf } from './screen-views.ts';

const PROBLEM = { code: 'source-unreadable', what: 'x', next: 'y' };

describe('the state of a dock', () => {
  const showOf = (facts: Partial<DockView>): string | undefined => screenDocks(viewOf([dockOf('A1', facts)]))[0]?.show;

  it('lets nobody leave before the receipt stands, and nobody take a camera before all is copied', () => {
    expect(showOf({ phase: 'waiting' })).toBe('wait');
    expect(showOf({ phase: 'listing' })).toBe('wait');
    expect(showOf({ phase: 'copying', receiptStands: false })).toBe('wait');
    expect(showOf({ phase: 'copying', receiptStands: true })).toBe('copying');
    expect(showOf({ phase: 'waiting', receiptStands: true })).toBe('copying');
    for (const phase of ['storing', 'examining', 'finishing', 'copied', 'done'] as const)
      expect([phase, showOf({ phase, receiptStands: true })]).toEqual([phase, 'take']);
  });

  it('keeps a camera from the copying until its card is cleared, since that may be written to at any moment', () => {
    const facts = { receiptStands: true, toClear: true };
    for (const phase of ['storing', 'examining', 'finishing', 'copied', 'done', 'releasing', 'problem'] as const)
      for (const problem of [null, PROBLEM])
        expect([phase, problem, showOf({ ...facts, phase, problem })]).toEqual([phase, problem, 'copying']);
    expect(showOf({ phase: 'releasing', receiptStands: true })).toBe('copying');
    expect(showOf({ ...facts, phase: 'done', toClear: false })).toBe('take');
    expect(showOf({ ...facts, phase: 'listing', receiptStands: false })).toBe('wait');
  });

  it('is free once a camera that was to be cleared is gone, since all is copied, and a problem if something stayed on it', () => {
    for (const phase of ['storing', 'done', 'releasing'] as const)
      expect([phase, showOf({ phase, toClear: true, present: false })]).toEqual([phase, undefined]);
    expect(showOf({ phase: 'done', toClear: true, present: false, problem: PROBLEM })).toBe('problem');
  });

  it('is a problem as soon as something stays on the camera and the copying is over', () => {
    expect(showOf({ ...COPYING, problem: PROBLEM })).toBe('copying');
    for (const phase of ['storing', 'examining', 'finishing', 'copied', 'done', 'problem'] as const)
      expect([phase, showOf({ phase, problem: PROBLEM })]).toEqual([phase, 'problem']);
  });

  it('is a problem when the camera is pulled before all is copied, and nothing when it is taken after', () => {
    for (const phase of ['waiting', 'listing', 'copying'] as const)
      expect([phase, showOf({ phase, receiptStands: true, present: false })]).toEqual([phase, 'problem']);
    for (const phase of ['storing', 'copied', 'done'] as const)
      expect([phase, showOf({ phase, present: false })]).toEqual([phase, undefined]);
    expect(showOf({ phase: 'problem', present: false })).toBe('problem');
  });

  it('is that of the worst of the volumes of one camera', () => {
    const [joined, ...others] = screenDocks(viewOf([dockOf('A1', TAKE), dockOf('A1', COPYING)]));
    expect(others).toEqual([]);
    expect(joined).toMatchObject({ show: 'copying', bytesDone: 3.4 * GIB, bytesTotal: 5.1 * GIB, secondsLeft: 55 });
  });

  it('leaves documents and drops out, which lie in no dock', () => {
    expect(screenDocks(viewOf([dockOf('A1', COPYING), { ...dockOf('', COPYING), dock: null }]))).toHaveLength(1);
  });

  it('is free for a named dock without a camera, in the order of the configuration, others after them by number', () => {
    const docks = [dockOf('1-10', COPYING), dockOf('1-9', COPYING), dockOf('B', TAKE)];
    expect(screenDocks(viewOf(docks, { dockNames: ['B', 'A'] })).map(({ name, show }) => `${name} ${show}`)).toEqual([
      'B take',
      'A free',
      '1-9 copying',
      '1-10 copying',
    ]);
  });
});
