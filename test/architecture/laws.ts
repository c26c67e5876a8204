// The laws of the house for one source file: which room it is in, what it may import, what it may not do.
// Reads text and the table of rooms; never resolves packages, never touches other files.

import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import type { Node } from 'oxc-parser';
import { coversPackage, type Room, type Rooms } from './rooms.ts';
import { parseSyntax, type Reference, type Syntax } from './syntax.ts';

/** One broken law. */
export interface Violation {
  /** Path from the checkout, with `/`. */
  readonly file: string;
  readonly line: number;
  readonly law: Law;
  readonly message: string;
}

/** Every law, with the sentence that says it. */
export const LAWS = {
  'room-unknown': 'every file under src is in a room of config/rooms.json',
  'room-import': 'a room imports only the rooms config/rooms.json lets it import',
  'room-door': 'another room is entered by its index.ts only',
  'room-leave': 'nothing under src imports what is outside src',
  'room-package': 'a vendor package is imported only in the rooms config/rooms.json names for it',
  'door-export': 'index.ts holds nothing but `export … from` files of its own room',
  'door-inside': 'the files of a room do not go through their own door',
  'test-import': 'what runs in production does not import tests',
  'import-computed': 'a module is named by a literal',
  'import-node': 'a builtin module is named with `node:`',
  'import-extension': 'a relative import names the file with its extension, .ts or .json',
  'export-default': 'there is no default export',
  'clock-read': 'only the clock in platform reads the time',
  'clock-timer': 'only the clock in platform waits or sets timers',
  'file-comment': 'every file opens with a comment: what it is, what it never does',
  'file-syntax': 'every file parses',
} as const;

/** The name of a law. */
export type Law = keyof typeof LAWS;

/** Packages that tests beside the code may use in any room. */
const TEST_PACKAGES = ['vitest', 'fast-check'];
/** The files that are the clock. */
const CLOCK = /^src\/platform\/clock(\.ts$|\/|-)/;
const TEST_FILE = /\.(test|contract)\.ts$/;
const TIMERS = new Set(['setTimeout', 'setInterval']);
const TIMER_MODULES = new Set(['node:timers', 'node:timers/promises', 'timers', 'timers/promises']);
const CLOCK_MODULES = new Set(['node:perf_hooks', 'perf_hooks']);

type Report = (law: Law, line: number, detail: string) => void;

/** Every law this file breaks. `file` is its path from the checkout: `src/<room>/…`. */
export function checkFile(file: string, text: string, rooms: Rooms): readonly Violation[] {
  const found: Violation[] = [];
  const report: Report = (law, line, detail) => {
    found.push({ file, line, law, message: `${detail} (${LAWS[law]})` });
  };
  const syntax = parseSyntax(file, text);
  if (syntax.error !== undefined) report('file-syntax', 1, syntax.error);
  if (!/^(\/\/|\/\*)/.test(text.replace(/^#!.*\n/, ''))) report('file-comment', 1, 'no comment at the top');
  checkExports(syntax, report);
  if (!CLOCK.test(file) && !TEST_FILE.test(file)) checkClock(syntax, report);

  const roomName = file.split('/')[1] ?? '';
  const room = rooms.get(roomName);
  if (room === undefined || file.split('/').length < 3) {
    report('room-unknown', 1, `no room ${roomName}`);
    return found;
  }
  for (const reference of syntax.references) checkReference({ file, roomName, room, rooms }, reference, report);
  if (file === `src/${roomName}/index.ts`) checkDoor(file, syntax, report);
  return found;
}

interface Place {
  readonly file: string;
  readonly roomName: string;
  readonly room: Room;
  readonly rooms: Rooms;
}

function checkReference(place: Place, { specifier, line }: Reference, report: Report): void {
  if (specifier === undefined) report('import-computed', line, 'a computed module name');
  else if (/^\.{0,2}\//.test(specifier) || specifier.startsWith('#')) checkRelative(place, specifier, line, report);
  else if (isBuiltin(specifier)) checkBuiltin(specifier, line, report);
  else checkPackage(place, specifier, line, report);
}

function checkBuiltin(specifier: string, line: number, report: Report): void {
  if (!specifier.startsWith('node:')) report('import-node', line, `'${specifier}'`);
}

function checkRelative(place: Place, specifier: string, line: number, report: Report): void {
  const target = posix.join(posix.dirname(place.file), specifier);
  if (!specifier.startsWith('.') || !target.startsWith('src/')) {
    report('room-leave', line, `'${specifier}'`);
    return;
  }
  if (!/\.(ts|json)$/.test(specifier)) report('import-extension', line, `'${specifier}'`);
  if (TEST_FILE.test(target) && !TEST_FILE.test(place.file)) report('test-import', line, `'${specifier}'`);
  const other = target.split('/')[1] ?? '';
  if (other === place.roomName) {
    const door = target === `src/${other}/index.ts` || target === `src/${other}`;
    if (door && !TEST_FILE.test(place.file)) report('door-inside', line, `'${specifier}'`);
    return;
  }
  if (!place.rooms.has(other)) report('room-unknown', line, `'${specifier}' is in no room`);
  else if (!place.room.mayImport.includes(other)) report('room-import', line, `${place.roomName} imports ${other}`);
  else if (target !== `src/${other}/index.ts`) report('room-door', line, `'${specifier}'`);
}

function checkPackage(place: Place, specifier: string, line: number, report: Report): void {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (TEST_FILE.test(place.file) && TEST_PACKAGES.includes(name)) return;
  if (place.room.packages.some((entry) => coversPackage(entry, name))) return;
  report('room-package', line, `${place.roomName} imports the package ${name}`);
}

function checkDoor(file: string, syntax: Syntax, report: Report): void {
  for (const statement of syntax.statements) {
    const line = syntax.lineOf(statement);
    const source =
      statement.type === 'ExportAllDeclaration' || statement.type === 'ExportNamedDeclaration'
        ? statement.source
        : null;
    if (source === null) {
      report('door-export', line, `${statement.type} in a door`);
      continue;
    }
    const target = posix.join(posix.dirname(file), source.value);
    if (!source.value.startsWith('.') || !target.startsWith(`${posix.dirname(file)}/`))
      report('door-export', line, `'${source.value}' is not of this room`);
  }
}

function checkExports(syntax: Syntax, report: Report): void {
  for (const statement of syntax.statements) {
    const named = statement.type === 'ExportNamedDeclaration' ? statement.specifiers : [];
    const asDefault = named.some(({ exported }) => exported.type === 'Identifier' && exported.name === 'default');
    if (statement.type === 'ExportDefaultDeclaration' || statement.type === 'TSExportAssignment' || asDefault)
      report('export-default', syntax.lineOf(statement), 'a default export');
  }
}

function checkClock(syntax: Syntax, report: Report): void {
  for (const { specifier, line } of syntax.references) {
    if (specifier !== undefined && TIMER_MODULES.has(specifier)) report('clock-timer', line, `'${specifier}'`);
    if (specifier !== undefined && CLOCK_MODULES.has(specifier)) report('clock-read', line, `'${specifier}'`);
  }
  for (const { node, parent } of syntax.nodes) {
    if (node.type === 'Identifier' && isFree(node, parent)) checkGlobal(node, parent, syntax.lineOf(node), report);
    if (node.type === 'MemberExpression') checkMember(node, syntax.lineOf(node), report);
  }
}

function checkGlobal(node: Node & { name: string }, parent: Node | undefined, line: number, report: Report): void {
  if (TIMERS.has(node.name)) report('clock-timer', line, node.name);
  if (node.name === 'performance' || node.name === 'Temporal') report('clock-read', line, node.name);
  if (node.name === 'Date' && !isTimelessDate(node, parent)) report('clock-read', line, 'Date without a given time');
}

/** `process.hrtime`, `process.uptime`, `os.uptime`, `AbortSignal.timeout`, and globals spelled `globalThis.…`. */
function checkMember(node: Node & { type: 'MemberExpression' }, line: number, report: Report): void {
  const [object, property] = [nameOf(node.object), nameOf(node.property)];
  const global = object === 'globalThis' || object === 'global';
  if (object === 'AbortSignal' && property === 'timeout') report('clock-timer', line, 'AbortSignal.timeout');
  if (global && TIMERS.has(property)) report('clock-timer', line, property);
  if (global && ['Date', 'performance', 'Temporal'].includes(property)) report('clock-read', line, property);
  if (['process', 'os'].includes(object) && ['hrtime', 'uptime'].includes(property))
    report('clock-read', line, property);
}

/** Uses of Date that read no clock: a given time, parsing, arithmetic on fields, a type test. */
function isTimelessDate(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'NewExpression') return parent.callee !== node || parent.arguments.length > 0;
  if (parent?.type === 'MemberExpression') return ['parse', 'UTC', 'prototype'].includes(nameOf(parent.property));
  return parent?.type === 'BinaryExpression' && parent.operator === 'instanceof';
}

function nameOf(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : '';
}

/** Whether this name is a use of a variable, not a member, a key, a type or the name of something declared here. */
function isFree(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return true;
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed;
  if ('key' in parent && parent.key === node) return 'computed' in parent && parent.computed;
  if ('id' in parent && parent.id === node) return false;
  return !/^(TS(?!AsExpression|SatisfiesExpression|NonNull)|(Import|Export).*Specifier|LabeledStatement)/.test(
    parent.type,
  );
}
