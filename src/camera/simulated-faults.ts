// Faults put over a card, simulated or real: what cards and cables do at the worst moment. Each is named, placed and repeatable.
// Only for tests and demonstrations; a card without faults is passed through unchanged.
import { type CameraIdentity, parseByteCount, type SourceFile } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Card, OpenSource, SourceStat } from './card.ts';
import { fillMade } from './simulated-content.ts';
import { mapSourceError } from './source-error.ts';

/**
 * What goes wrong. `path` is the text of the file's path; bytes count from 0.
 * - read-error: reads up to `atByte` give bytes, one from there fails with EIO, `times` times or always.
 * - gone: the camera leaves when byte `atByte` is asked for; everything fails from then on.
 * - gone-while-listing: the camera leaves after so many entries.
 * - open-error: the file cannot be opened (EIO), `times` times or always.
 * - grows: each read finds the file `byBytes` longer and newer.
 * - changes: from the second opening on, the byte at `atByte` is another; size and time stay the same.
 * - vanishes: the file is listed, but no longer there when it is opened.
 * - says: the card says of the file that it has `sizeBytes`, whatever it has.
 * - slow: each read of the file (or of every file) takes so long by the clock.
 */
export type Fault =
  | { readonly kind: 'read-error'; readonly path: string; readonly atByte: number; readonly times: number | 'always' }
  | { readonly kind: 'gone'; readonly path: string; readonly atByte: number }
  | { readonly kind: 'gone-while-listing'; readonly afterFiles: number }
  | { readonly kind: 'open-error'; readonly path: string; readonly times: number | 'always' }
  | { readonly kind: 'grows'; readonly path: string; readonly byBytes: number }
  | { readonly kind: 'changes'; readonly path: string; readonly atByte: number }
  | { readonly kind: 'vanishes'; readonly path: string }
  | { readonly kind: 'says'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'slow'; readonly path?: string | undefined; readonly readMs: number };

/** What faults need: a clock for 'slow' only. */
export interface FaultPorts {
  readonly clock?: Clock | undefined;
}

/** The card with faults over it; closing it closes the card. */
export function withFaults(card: Card, faults: readonly Fault[], ports: FaultPorts = {}): Card {
  return faults.length === 0 ? card : new FaultyCard(card, faults, ports);
}

/** What all files of one faulty card share. */
interface Trouble {
  gone: boolean;
  /** How often each fault has struck. */
  readonly struck: Map<Fault, number>;
  readonly openings: Map<string, number>;
}

class FaultyCard implements Card {
  readonly #card: Card;
  readonly #faults: readonly Fault[];
  readonly #ports: FaultPorts;
  readonly #trouble: Trouble = { gone: false, struck: new Map(), openings: new Map() };

  constructor(card: Card, faults: readonly Fault[], ports: FaultPorts) {
    this.#card = card;
    this.#faults = faults;
    this.#ports = ports;
  }

  get identity(): CameraIdentity {
    return this.#card.identity;
  }

  async *list(signal?: AbortSignal): AsyncGenerator<SourceFile> {
    const leaving = this.#faults.find((fault) => fault.kind === 'gone-while-listing');
    let listed = 0;
    this.#demandPresent('the card');
    for await (const file of this.#card.list(signal)) {
      if (leaving !== undefined && listed >= leaving.afterFiles) this.#trouble.gone = true;
      this.#demandPresent('the card');
      listed += 1;
      const said = this.#faults.find((fault) => fault.kind === 'says' && fault.path === file.path.text);
      yield said?.kind === 'says' ? { ...file, sizeBytes: parseByteCount(said.sizeBytes) } : file;
    }
  }

  async open(file: SourceFile, signal?: AbortSignal): Promise<OpenSource> {
    const path = file.path.text;
    const faults = this.#faults.filter(
      (fault) => fault.kind !== 'gone-while-listing' && (fault.path === undefined || fault.path === path),
    );
    this.#demandPresent(path);
    if (faults.some(({ kind }) => kind === 'vanishes')) throw mapSourceError(errno('ENOENT'), path, true);
    if (faults.some((fault) => fault.kind === 'open-error' && strikes(this.#trouble, fault)))
      throw mapSourceError(errno('EIO'), path, true);
    const openings = (this.#trouble.openings.get(path) ?? 0) + 1;
    this.#trouble.openings.set(path, openings);
    return new FaultySource(await this.#card.open(file, signal), path, faults, this.#trouble, openings, this.#ports);
  }

  #demandPresent(what: string): void {
    if (this.#trouble.gone) throw mapSourceError(errno('ENODEV'), what, false);
  }

  async isPresent(): Promise<boolean> {
    return !this.#trouble.gone && (await this.#card.isPresent());
  }

  close(): Promise<void> {
    return this.#card.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Counts a strike; false once the fault has struck as often as it may. */
function strikes(trouble: Trouble, fault: Fault & { readonly times: number | 'always' }): boolean {
  const before = trouble.struck.get(fault) ?? 0;
  if (fault.times !== 'always' && before >= fault.times) return false;
  trouble.struck.set(fault, before + 1);
  return true;
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}, simulated`), { code });
}

class FaultySource implements OpenSource {
  readonly #source: OpenSource;
  readonly #path: string;
  readonly #faults: readonly Fault[];
  readonly #trouble: Trouble;
  readonly #openings: number;
  readonly #ports: FaultPorts;
  #grownBytes = 0;
  #reads = 0;

  constructor(
    source: OpenSource,
    path: string,
    faults: readonly Fault[],
    trouble: Trouble,
    openings: number,
    ports: FaultPorts,
  ) {
    this.#source = source;
    this.#path = path;
    this.#faults = faults;
    this.#trouble = trouble;
    this.#openings = openings;
    this.#ports = ports;
  }

  async read(buffer: Buffer, offsetInBuffer: number, lengthBytes: number, positionBytes: number): Promise<number> {
    this.#demandPresent();
    let length = lengthBytes;
    for (const fault of this.#faults) length = await this.#strike(fault, length, positionBytes);
    const got = await this.#source.read(buffer, offsetInBuffer, length, positionBytes);
    const grown =
      got === length ? 0 : await this.#readGrown(buffer, offsetInBuffer + got, length - got, positionBytes + got);
    this.#alter(buffer, offsetInBuffer, got, positionBytes);
    return got + grown;
  }

  /** Does what a fault does at a read; returns how many bytes may still be read. */
  async #strike(fault: Fault, length: number, position: number): Promise<number> {
    if (fault.kind === 'slow') await this.#ports.clock?.wait(fault.readMs);
    if (fault.kind === 'grows') {
      this.#grownBytes += fault.byBytes;
      this.#reads += 1;
    }
    if (fault.kind !== 'read-error' && fault.kind !== 'gone') return length;
    if (position < fault.atByte) return Math.min(length, fault.atByte - position);
    if (fault.kind === 'gone') {
      this.#trouble.gone = true;
      this.#demandPresent();
    } else if (strikes(this.#trouble, fault)) throw mapSourceError(errno('EIO'), this.#path, true);
    return length;
  }

  async #readGrown(buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    const { sizeBytes } = await this.#source.stat();
    const count = Math.max(0, Math.min(length, sizeBytes + this.#grownBytes - position));
    fillMade(99, buffer.subarray(offset, offset + count), position);
    return count;
  }

  #alter(buffer: Buffer, offset: number, got: number, position: number): void {
    if (this.#openings < 2) return;
    for (const fault of this.#faults) {
      if (fault.kind !== 'changes' || fault.atByte < position || fault.atByte >= position + got) continue;
      const at = offset + fault.atByte - position;
      buffer[at] = (buffer[at] ?? 0) ^ 0xff;
    }
  }

  #demandPresent(): void {
    if (this.#trouble.gone) throw mapSourceError(errno('ENODEV'), this.#path, false);
  }

  async stat(): Promise<SourceStat> {
    this.#demandPresent();
    const { sizeBytes: has, modifiedAtMs } = await this.#source.stat();
    const sizeBytes = this.#faults.find((fault) => fault.kind === 'says')?.sizeBytes ?? has;
    return { sizeBytes: sizeBytes + this.#grownBytes, modifiedAtMs: modifiedAtMs + 2000 * this.#reads };
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
