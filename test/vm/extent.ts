// How much of a test is run: little of everything with bin/test-vm --quick, and all of it without.

/** `all` in a full run, else `few`. */
export function asMany(few: number, all: number): number {
  return process.env['DOCKET_VM'] === 'all' ? all : few;
}

/** 0, 1, … for the tests of a series. */
export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}
