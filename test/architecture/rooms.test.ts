// The table of rooms is sound, and everything made from it says the same.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { coversPackage, ROOT, readRooms, vendorPackages } from './rooms.ts';
import { formatRoomsLint } from './rooms-lint.ts';
import { formatRoomsTable, readRoomsTable } from './rooms-table.ts';

const rooms = readRooms();
const ARCHITECTURE = join(ROOT, 'ARCHITECTURE.md');
/** Node itself and the compiled parts of packages: no source imports them. */
const COMPILED = /linux-x64/;

it('lets a room import only rooms above it, so that there is no way round', () => {
  const names = [...rooms.keys()];
  const bad = [...rooms].flatMap(([name, room]) =>
    room.mayImport
      .filter((other) => !names.slice(0, names.indexOf(name)).includes(other))
      .map((other) => `${name} -> ${other}`),
  );
  expect(bad).toEqual([]);
});

it('keeps the corridor straight', () => {
  const apart = ['camera', 'media', 'seal', 'vault', 'ledger', 'catalog', 'casefile'];
  const seen = apart.flatMap((name) => rooms.get(name)?.mayImport.filter((other) => apart.includes(other)));
  expect(seen).toEqual([]);
});

it('has a room for every dependency of production', () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const homeless = Object.keys(dependencies).filter(
    (name) => !COMPILED.test(name) && !vendorPackages(rooms).some((entry) => coversPackage(entry, name)),
  );
  expect(homeless).toEqual([]);
});

it('is what lint reads: run test/architecture/rooms-table.ts after a change', () => {
  expect(readFileSync(join(ROOT, 'config/oxlint.rooms.json'), 'utf8')).toBe(formatRoomsLint(rooms));
});

it('is what ARCHITECTURE.md shows: run test/architecture/rooms-table.ts after a change', () => {
  if (!existsSync(ARCHITECTURE)) return;
  expect(readRoomsTable(readFileSync(ARCHITECTURE, 'utf8'))).toBe(formatRoomsTable(rooms));
});

it('tells a table apart from none, and from another', () => {
  expect(readRoomsTable('no markers')).toBeUndefined();
  const table = readRoomsTable(`x\n<!-- rooms:begin -->\n${formatRoomsTable(rooms)}\n<!-- rooms:end -->\ny`);
  expect(table).toBe(formatRoomsTable(rooms));
  expect(readRoomsTable('<!-- rooms:begin -->\n| old |\n<!-- rooms:end -->')).not.toBe(table);
});
