// A card over buffers whose files a test may change at any read: the Card port, small and true.
// Never keeps a copy: what a test changes is what the next read gives.

import type { Card } from '../../src/camera/index.ts';
import {
  type CameraIdentity,
  Failure,
  parseByteCount,
  parseEpochMs,
  type SourceFile,
} from '../../src/evidence/index.ts';
import { CAMERA, sourceFile } from '../evidence/samples.ts';

/** A file as it is now. */
export interface CardFile {
  bytes: Buffer;
  modifiedAtMs: number;
}

/** A card and what a test may do with it. */
export interface BufferCard extends Card {
  readonly files: Map<string, CardFile>;
  /** Reads so far, as positions. */
  readonly reads: number[];
  /** Called before each read; what it throws the read throws, what it returns is the most bytes the read may give. */
  beforeRead: (path: string, position: number) => number | void | Promise<number | void>;
}

/** Makes a card of these files. */
export function makeBufferCard(files: Readonly<Record<string, Buffer>>, identity: CameraIdentity = CAMERA): BufferCard {
  const held = new Map(Object.entries(files).map(([path, bytes], k) => [path, { bytes, modifiedAtMs: 1000 * k }]));
  const nothing = async (): Promise<void> => undefined;
  const find = (path: string): CardFile => {
    const file = held.get(path);
    if (file === undefined) throw new Failure('source-changed', `${path} is no longer there`);
    return file;
  };
  const card: BufferCard = {
    identity,
    files: held,
    reads: [],
    beforeRead: () => undefined,
    async *list() {
      for (const [path, { bytes, modifiedAtMs }] of held)
        yield sourceFile(path, { sizeBytes: parseByteCount(bytes.length), modifiedAtMs: parseEpochMs(modifiedAtMs) });
    },
    async open(file: SourceFile) {
      const path = file.path.text;
      find(path);
      return {
        async read(buffer, offset, length, position) {
          card.reads.push(position);
          const most = (await card.beforeRead(path, position)) ?? length;
          const { bytes } = find(path);
          const end = Math.min(bytes.length, position + length, position + most);
          return position >= end ? 0 : bytes.copy(buffer, offset, position, end);
        },
        stat: async () => ({ sizeBytes: find(path).bytes.length, modifiedAtMs: find(path).modifiedAtMs }),
        close: nothing,
        [Symbol.asyncDispose]: nothing,
      };
    },
    isPresent: async () => true,
    close: nothing,
    [Symbol.asyncDispose]: nothing,
  };
  return card;
}

/** Makes the camera leave when byte `atByte` of any file is asked for. */
export function leaveAt(card: BufferCard, atByte: number): void {
  card.beforeRead = (path, position) => {
    if (position >= atByte) throw new Failure('camera-gone', `the camera left while ${path} was read`);
    return atByte - position;
  };
}
