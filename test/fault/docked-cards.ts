// Docks a card that is not a folder: the simulated camera with its faults, and the same camera again without them.
import { randomBytes } from 'node:crypto';
import type { Card, Fault, SimulatedFile } from '../../src/camera/index.ts';
import { openSimulatedCard } from '../../src/camera/index.ts';
import type { Station } from '../../src/daemon/station.ts';
import { type CameraIdentity, makeAcquisitionId, parseCaseNumber } from '../../src/evidence/index.ts';
import { acquireCard } from '../../src/ingest/acquire-card.ts';
import { type AcquisitionResult, recoverSpool } from '../../src/ingest/index.ts';
import { ACTOR, never, openIt } from './stations.ts';

/** Counts the bytes that were read of a card. */
export interface Counted {
  readonly card: Card;
  bytesRead(path?: string): number;
}

/** A card whose reads are counted; its faults lie below the counting. */
export function countReads(card: Card): Counted {
  const read = new Map<string, number>();
  const counted: Card = {
    identity: card.identity,
    list: (signal) => card.list(signal),
    isPresent: () => card.isPresent(),
    close: () => card.close(),
    [Symbol.asyncDispose]: () => card.close(),
    open: async (file) => {
      const source = await card.open(file);
      return {
        stat: () => source.stat(),
        close: () => source.close(),
        [Symbol.asyncDispose]: () => source.close(),
        read: async (...place) => {
          const got = await source.read(...place);
          read.set(file.path.text, (read.get(file.path.text) ?? 0) + got);
          return got;
        },
      };
    },
  };
  const sum = (): number => [...read.values()].reduce((all, each) => all + each, 0);
  return { card: counted, bytesRead: (path) => (path === undefined ? sum() : (read.get(path) ?? 0)) };
}

/** A simulated camera of these files. */
export function cameraOf(
  files: readonly SimulatedFile[],
  faults: readonly Fault[] = [],
  identity?: CameraIdentity,
): Card {
  return openSimulatedCard({ files, faults, identity });
}

/** Docks a card on a station that nobody else has open, recovery first; closes both. */
export async function dockCard(config: string, card: Card, caseText?: string): Promise<AcquisitionResult> {
  await using station = await openIt(config);
  await recoverSpool(station.ports);
  return await acquireOn(station, card, caseText);
}

/** Docks several cards at once on one station, recovery first; closes them all. */
export async function dockAll(config: string, cards: readonly Card[], caseText?: string): Promise<AcquisitionResult[]> {
  await using station = await openIt(config);
  await recoverSpool(station.ports);
  return await Promise.all(cards.map((card) => acquireOn(station, card, caseText)));
}

/** Docks a card on an open station; closes the card. */
export async function acquireOn(station: Station, card: Card, caseText?: string): Promise<AcquisitionResult> {
  await using docked = card;
  const { ports } = station;
  const docking = {
    acquisition: makeAcquisitionId(ports.clock.now(), randomBytes(4).toString('hex')),
    camera: docked.identity,
    case: caseText === undefined ? undefined : parseCaseNumber(caseText),
    cameraOffsetMs: 'unknown' as const,
    actor: ACTOR,
  };
  return await acquireCard(ports, docking, docked, () => undefined, never());
}
