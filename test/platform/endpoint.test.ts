// What goes to a store in clear: a key that encrypts must never be among it.
// Asks nobody.
import { expect, it } from 'vitest';
import { goesInClear } from '../../src/platform/index.ts';

it('is whatever goes by http to another machine, however much its name looks like this one', () => {
  const clear = [
    'http://s3.example.org',
    'http://10.0.0.5:7480',
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
  ];
  expect(clear.filter((each) => !goesInClear(each))).toEqual([]);
  const kept = [
    'https://s3.example.org',
    'http://127.0.0.1:7480',
    'http://127.1.2.3',
    'http://localhost',
    'http://[::1]:9000',
    undefined,
  ];
  expect(kept.filter(goesInClear)).toEqual([]);
});
