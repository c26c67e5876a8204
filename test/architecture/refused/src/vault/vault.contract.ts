// A good contract suite: vitest is allowed here.
import { expect, it } from 'vitest';

/** One suite for every vault. */
export function suite(copies: number): void {
  it('has copies', () => {
    expect(copies).toBeGreaterThan(0);
  });
}
