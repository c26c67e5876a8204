// A good test beside the code: it may use vitest, its own door and a timer.
import { expect, it } from 'vitest';
import { parseDigest } from './index.ts';

it('makes a digest', () => {
  expect(parseDigest(String(Date.now())).hex).toHaveLength(64);
});
