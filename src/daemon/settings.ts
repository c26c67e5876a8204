// What of a configuration may change while docketd runs: camera profiles, the rule for unknown cameras, the limits of one camera.
// Never anything that says where evidence lies, who signs it, or how long it is kept.
import { fileURLToPath } from 'node:url';
import { type CardLimits, loadProfiles, type Profile } from '../camera/index.ts';
import type { Config } from '../platform/index.ts';

/** Profiles shipped with docket. */
const SHIPPED_PROFILES = fileURLToPath(new URL('../../config/cameras', import.meta.url));
const GIB = 1_073_741_824;
const HOUR_MS = 3_600_000;

/** Settings that the next camera meets. */
export interface Settings {
  readonly profiles: readonly Profile[];
  readonly unknownCameras: 'refuse' | 'allow';
  readonly cardLimits: CardLimits;
  readonly maxFileBytes: number;
  readonly maxAcquisitionMs: number;
  readonly readRetries: number;
}

/** The keys of docket.toml that the settings come from. */
export const SETTING_KEYS: ReadonlySet<string> = new Set([
  'cameras.profiles',
  'cameras.unknown',
  'limits.files_per_camera',
  'limits.path_bytes',
  'limits.folder_depth',
  'limits.file_gib',
  'limits.acquisition_hours',
  'limits.read_retries',
]);

/** The settings of a configuration, its profiles read. Throws Failure 'config-invalid' naming the profile that is wrong. */
export async function settingsOf({ cameras, limits }: Config): Promise<Settings> {
  return {
    profiles: await loadProfiles([SHIPPED_PROFILES, ...cameras.profiles]),
    unknownCameras: cameras.unknown,
    cardLimits: { maxFiles: limits.files_per_camera, maxPathBytes: limits.path_bytes, maxDepth: limits.folder_depth },
    maxFileBytes: limits.file_gib * GIB,
    maxAcquisitionMs: limits.acquisition_hours * HOUR_MS,
    readRetries: limits.read_retries,
  };
}
