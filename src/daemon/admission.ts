// Which cameras the system may mount for this station: a list that docketd writes and systemd/camera-mount reads. See FORMAT.md, "Admission".
// Only where the service says that the system mounts for it; a station in a checkout takes what others have mounted.
import { join } from 'node:path';
import type { DockPorts } from '../ingest/index.ts';
import { replaceFile } from '../platform/index.ts';
import type { Docks } from './docks.ts';

/** Environment of the service: the folder in which the system mounts cameras for this station. */
const MOUNTS = 'DOCKET_MOUNTS';

/** What the list is made from. */
export type AdmissionPorts = Pick<DockPorts, 'catalog' | 'unknownCameras' | 'profiles'> & {
  readonly rules: Pick<DockPorts['rules'], 'release'>;
};

/** Who may be mounted. */
export interface Admission {
  /** Folder of the system's notes about what it did not mount; absent where it does not mount for this station. */
  readonly refusals?: string | undefined;
  /** Writes the list, unless it stands so already. A list that cannot be written is told as a problem: no new camera is mounted then. */
  publish(): Promise<void>;
}

/** Makes the admission of a running station; `environment` is the service's. */
export function makeAdmission(
  environment: Readonly<Record<string, string | undefined>>,
  ports: AdmissionPorts,
  docks: Pick<Docks, 'problem'>,
): Admission {
  const folder = environment[MOUNTS];
  if (folder === undefined || folder === '') return { publish: () => Promise.resolve() };
  const list = join(folder, 'admission/list');
  let written: string | undefined;
  let turn = Promise.resolve();
  const write = async (): Promise<void> => {
    const text = formatAdmission(ports);
    if (text === written) return;
    try {
      await replaceFile(list, Buffer.from(text));
      written = text;
    } catch (error) {
      await docks.problem(`the system does not learn which cameras it may mount (${list})`, error);
    }
  };
  return {
    refusals: join(folder, 'refused'),
    publish: () => {
      turn = turn.then(write);
      return turn;
    },
  };
}

/**
 * Text of the list: whether unknown cameras are taken, whether registered ones are cleared, each registered serial, each device that docketd
 * has to unlock; a line for each.
 */
export function formatAdmission({ catalog, unknownCameras, profiles, rules }: AdmissionPorts): string {
  const serials = catalog
    .cameras()
    .flatMap(({ entry, removedIndex }) => (removedIndex === undefined ? [entry.serial] : []));
  const devices = profiles.flatMap(({ unlock }) =>
    unlock === undefined ? [] : [`${unlock.device.vendorId}:${unlock.device.productId}`],
  );
  return [
    'docket admission 1',
    `unknown ${unknownCameras}`,
    ...(rules.release ? ['clear registered'] : []),
    ...[...new Set(serials)].map((each) => `serial ${each}`),
    ...[...new Set(devices)].map((each) => `unlock ${each}`),
    '',
  ].join('\n');
}
