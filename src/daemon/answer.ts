// The writing use cases, once: the daemon's socket answers with them, and a command without a daemon calls them under the station lock.
// Never trusts a question: it is parsed here whoever asks.
import { realpath } from 'node:fs/promises';
import { z } from 'zod';
import type { CatalogCamera } from '../catalog/index.ts';
import type { CameraView, DockResult, WorkProgress } from '../cli/index.ts';
import { type EntryOf, Failure, isFailure, parseShape } from '../evidence/index.ts';
import { registerCamera, removeCamera } from '../filing/index.ts';
import {
  type AcquisitionResult,
  type DockPorts,
  dockFiles,
  dockFolder,
  type OnProgress,
  type Progress,
  publishOrNote,
} from '../ingest/index.ts';
import type { Clock } from '../platform/index.ts';
import { type Docks, paceOf, stateText } from './docks.ts';
import type { Answerer } from './socket.ts';

const actor = z.string().min(1).max(200);
const optional = z.string().max(4096).optional();
const questions = {
  dock: z.strictObject({
    path: z.string().min(1).max(4096),
    camera: z.string().min(1).max(200).optional(),
    case: optional,
    clockOffsetMs: z.int().optional(),
    actor,
  }),
  documents: z.strictObject({
    files: z.array(z.string().min(1).max(4096)).min(1).max(10_000),
    case: z.string(),
    type: z.string(),
    actor,
  }),
  addCamera: z.strictObject({
    serial: z.string(),
    model: optional,
    profile: optional,
    officer: optional,
    certificate: optional,
    unit: optional,
    actor,
  }),
  removeCamera: z.strictObject({ serial: z.string(), actor }),
};

/** The writing use cases of a station by name. */
export function makeAnswerers(ports: DockPorts, docks: Docks): Readonly<Record<string, Answerer>> {
  return {
    dock: async (question, progress, signal) => {
      const {
        path,
        camera,
        case: caseNumber,
        clockOffsetMs,
        actor: name,
      } = parseShape(questions.dock, question, 'the request');
      const order = { path, serial: camera, case: caseNumber, clockOffsetMs, actor: person(name) };
      const report = docks.byHand(await realpath(path).catch(() => path)); // what is not there is told by docking it
      return answerDocking(
        report.onProgress,
        (onProgress) => dockFolder(ports, order, onProgress, signal),
        ports.clock,
        progress,
      ).catch((error: unknown) => {
        if (isFailure(error)) report.failed(error);
        throw error;
      });
    },
    documents: async (question, progress, signal) => {
      const { files, case: caseNumber, type, actor: name } = parseShape(questions.documents, question, 'the request');
      const order = {
        files,
        case: caseNumber,
        documentType: type,
        way: 'document' as const,
        kind: 'document' as const,
        actor: person(name),
      };
      return answerDocking(
        docks.onProgress,
        (onProgress) => dockFiles(ports, order, onProgress, signal),
        ports.clock,
        progress,
      );
    },
    addCamera: async (question) => {
      const request = parseShape(questions.addCamera, question, 'the request');
      await ports.standing.confirm();
      registerCamera(filingPorts(ports), request);
      return shown(ports, request.serial);
    },
    removeCamera: async (question) => {
      const { serial, actor: name } = parseShape(questions.removeCamera, question, 'the request');
      await ports.standing.confirm();
      removeCamera(filingPorts(ports), serial, name);
      return shown(ports, serial);
    },
  };
}

function person(name: string): EntryOf<'item.recorded'>['actor'] {
  return { kind: 'person', name };
}

function filingPorts(ports: DockPorts): Parameters<typeof registerCamera>[0] {
  return {
    clock: ports.clock,
    recorder: ports.recorder,
    profiles: ports.profiles.map((each) => each.name),
    isRegistered: (serial) => ports.catalog.camera(serial).some((each) => each.removedIndex === undefined),
  };
}

async function shown(ports: DockPorts, serial: string): Promise<CameraView> {
  await publishOrNote(ports);
  const camera = ports.catalog.camera(serial.normalize('NFC').trim())[0];
  if (camera === undefined)
    throw new Failure('catalog-broken', 'the register entry is on record, but the catalog does not show it');
  return viewCamera(camera);
}

/** A camera of the register as shown. */
export function viewCamera({ entry, removedIndex }: CatalogCamera): CameraView {
  return {
    serial: entry.serial,
    model: entry.model ?? null,
    profile: entry.profile ?? null,
    officer: { name: entry.officer?.name ?? null, certificate: entry.officer?.certificate ?? null },
    unit: entry.unit ?? null,
    registeredAt: entry.at,
    removed: removedIndex !== undefined,
  };
}

async function answerDocking(
  heard: OnProgress,
  work: (onProgress: OnProgress) => Promise<AcquisitionResult>,
  clock: Clock,
  progress: (value: WorkProgress) => void,
): Promise<DockResult> {
  const { receipt, final, waiting } = await work((each) => {
    heard(each);
    progress(workOf(each, clock));
  });
  return {
    acquisition: receipt.acquisition,
    camera: receipt.camera,
    case: receipt.case,
    ended: receipt.ended,
    onRecord: final,
    files: receipt.files.map((file) => ({
      path: file.path.text,
      sizeBytes: file.sizeBytes,
      outcome: file.outcome,
      itemId: file.item ?? null,
      sha256: file.sha256 ?? null,
      reason: file.reason ?? null,
      kind: file.kind,
      keyMark: file.keyMark,
      ...(waiting.has(file.n) ? { waiting: true as const } : {}),
    })),
    gaps: receipt.gaps,
    notes: receipt.notes,
  };
}

/** An acquisition's progress as a line for people. */
export function workOf(progress: Progress, clock: Clock): WorkProgress {
  const { rate, secondsLeft } = paceOf(progress, clock);
  const { camera, bytesDone, bytesTotal, file, state } = progress;
  const subject = camera.officer?.name ?? camera.serial ?? camera.folder ?? camera.way;
  return {
    subject,
    state: stateText(state),
    done: bytesDone,
    total: bytesTotal,
    unit: 'bytes',
    rate,
    secondsLeft: state === 'copying' ? secondsLeft : undefined,
    detail: file,
  };
}
