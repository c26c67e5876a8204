// What knip calls unused. While a room has no door yet, its files and the packages that are for it alone are not missed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KnipConfig } from 'knip';
import table from './config/rooms.json' with { type: 'json' };

const rooms: readonly { readonly name: string; readonly packages: readonly string[] }[] = Object.entries(
  table.rooms,
).map(([name, { packages }]) => ({ name, packages }));
const isThere = (path: string): boolean => existsSync(join(import.meta.dirname, 'src', path));
const built = rooms.filter(({ name }) => isThere(`${name}/${name === 'daemon' ? 'docketd.ts' : 'index.ts'}`));
const unbuilt = rooms.filter((room) => !built.includes(room));
const inUse = new Set(built.flatMap(({ packages }) => packages));
const waiting = unbuilt.flatMap(({ packages }) => packages).filter((name) => !inUse.has(name));

const config: KnipConfig = {
  // The door of a room is what it offers; everything behind a door must be used by something.
  entry: [
    'src/*/index.ts',
    'src/daemon/docket{,d}.ts',
    // programs of their own, started by name
    'src/**/*-worker.ts',
    'src/media/examiner.ts',
    'src/camera/usb-{listener,unlocker}.ts',
    'test/**/{driver,writer,holder,*-preload,*-child}.ts',
    'bench/*-child.ts',
    'fixtures/*.ts',
    '{src,test}/**/*.test.ts',
    'bench/main.ts',
    '.ci/*.ts',
    'test/architecture/rooms-table.ts',
    'systemd/package/write.ts',
    'test/vm/{save-ready,global-setup}.ts',
  ],
  project: ['{src,test,bench,fixtures,systemd,.ci}/**/*.ts', '!test/architecture/refused/**'],
  // Programs come from Debian, not from packages; what does not resolve is told by tsc.
  exclude: ['binaries', 'unresolved'],
  // Compiled parts for this machine are named so that Debian's npm brings them; nothing imports them.
  ignoreDependencies: [/linux-x64/, ...waiting, ...waiting.map((name) => `@types/${name}`)],
  ignore: unbuilt.map(({ name }) => `src/${name}/**`),
  ignoreExportsUsedInFile: true,
};

export default config;
