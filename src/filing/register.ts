// The register of cameras: who has which one, as statements in the ledger. The catalog shows the newest; history stays.
// Never edits: a change is a new registration, and what was recorded before keeps the names of its time.
import { type Entry, type EntryOf, Failure, formatInstant } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';

/** Longest text in one field of the register, in characters. */
const MAX_FIELD_CHARS = 200;

/** What filing needs. */
export interface FilingPorts {
  readonly clock: Clock;
  readonly recorder: { record(entries: readonly Entry[]): { readonly firstIndex: number } };
  /** True when a camera of this serial is registered and not removed. */
  isRegistered(serial: string): boolean;
  /** Names of the camera profiles this station has. */
  readonly profiles: readonly string[];
}

/** What is known of a camera. */
export interface Registration {
  readonly serial: string;
  readonly model?: string | undefined;
  readonly profile?: string | undefined;
  readonly officer?: string | undefined;
  readonly certificate?: string | undefined;
  readonly unit?: string | undefined;
  readonly actor: string;
}

/** Puts a camera on the register, durably. Throws Failure 'invalid'. */
export function registerCamera(ports: FilingPorts, request: Registration): void {
  const serial = field('serial', request.serial);
  if (request.profile !== undefined && !ports.profiles.includes(request.profile))
    throw new Failure(
      'invalid',
      `there is no camera profile ${JSON.stringify(request.profile)}; there are: ${ports.profiles.join(', ')}`,
    );
  const entry: EntryOf<'camera.registered'> = {
    ...stamp(ports, request.actor),
    kind: 'camera.registered',
    serial,
    model: optional('model', request.model),
    profile: request.profile,
    officer:
      request.officer === undefined && request.certificate === undefined
        ? undefined
        : { name: optional('officer', request.officer), certificate: optional('certificate', request.certificate) },
    unit: optional('unit', request.unit),
  };
  ports.recorder.record([entry]);
}

/** Takes a camera off the register. Throws Failure 'not-found'. */
export function removeCamera(ports: FilingPorts, serial: string, actor: string): void {
  if (!ports.isRegistered(serial)) throw new Failure('not-found', `no camera ${JSON.stringify(serial)} is registered`);
  ports.recorder.record([{ ...stamp(ports, actor), kind: 'camera.removed', serial }]);
}

function stamp(ports: FilingPorts, actor: string): Pick<EntryOf<'camera.removed'>, 'v' | 'at' | 'actor'> {
  return { v: 1, at: formatInstant(ports.clock.now()), actor: { kind: 'person', name: actor } };
}

function optional(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : field(name, value);
}

function field(name: string, value: string): string {
  const text = value.normalize('NFC').trim();
  if (text === '' || [...text].length > MAX_FIELD_CHARS || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text))
    throw new Failure(
      'invalid',
      `${name} ${JSON.stringify(value.slice(0, 80))} is empty, longer than ${MAX_FIELD_CHARS} characters, or holds invisible characters`,
    );
  return text;
}
