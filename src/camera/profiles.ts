// The profiles of a station: read from folders of TOML files, and chosen for a camera by what it is and what lies on it.
// Never refuses a camera for its layout: where nothing fits, everything is taken.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CameraIdentity, errnoOf, Failure, type SourceFile } from '../evidence/index.ts';
import { covers, matchName, parseGlob } from './glob.ts';
import { type Profile, parseProfileText, TAKE_EVERYTHING } from './profile.ts';

/** Largest profile read, in bytes; ours are one or two KiB. */
const MAX_PROFILE_BYTES = 262_144;
/** Most profiles in one folder. */
const MAX_PROFILES = 1000;
/** How many entries of a card are looked at to choose its profile; a camera's own folders come among the first. */
export const PROFILE_SAMPLE_FILES = 2000;

/**
 * Reads every *.toml of the folders. A profile of a later folder replaces one of the same name of an earlier folder (the station's own over
 * the shipped). Throws Failure 'config-invalid' naming file, key and what to do.
 */
export async function loadProfiles(folders: readonly string[]): Promise<readonly Profile[]> {
  const found = new Map<string, Profile>();
  for (const folder of folders) for (const profile of await loadFolder(folder)) found.set(profile.name, profile);
  return [...found.values()];
}

async function loadFolder(folder: string): Promise<readonly Profile[]> {
  const files = await listToml(folder);
  const found = new Map<string, { readonly profile: Profile; readonly file: string }>();
  for (const file of files) {
    const profile = parseProfileText(await readText(file), file);
    const other = found.get(profile.name);
    if (other !== undefined)
      throw new Failure(
        'config-invalid',
        `${file}: key name: ${other.file} has the name ${profile.name} too; give one of them another`,
        { facts: { file, key: 'name' } },
      );
    found.set(profile.name, { profile, file });
  }
  return [...found.values()].map(({ profile }) => profile);
}

async function listToml(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new Failure(
      'config-invalid',
      `the folder of camera profiles ${folder} cannot be read (${errnoOf(cause) ?? 'unknown error'}); create it or remove it from [cameras] profiles`,
      { cause },
    );
  });
  const files = names.filter((name) => name.endsWith('.toml') && !name.startsWith('.')).toSorted();
  if (files.length > MAX_PROFILES)
    throw new Failure('config-invalid', `${folder} holds ${files.length} camera profiles, more than ${MAX_PROFILES}`);
  return files.map((name) => join(folder, name));
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > MAX_PROFILE_BYTES)
      throw new Failure(
        'config-invalid',
        `${file} is larger than ${MAX_PROFILE_BYTES} bytes, so it is no camera profile`,
      );
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('config-invalid', `${file} cannot be read: ${errnoOf(cause) ?? 'it is not UTF-8 text'}`, {
      cause,
    });
  }
}

/** A chosen profile, and one sentence why. */
export interface ProfileChoice {
  readonly profile: Profile;
  readonly why: string;
}

/**
 * The profile for a camera: the one its registration names; else, of those that match, the one of highest priority (then the one that asks for
 * more, then by name); else everything is taken. `sample` is the beginning of the card's listing, PROFILE_SAMPLE_FILES are enough.
 */
export function chooseProfile(
  profiles: readonly Profile[],
  identity: CameraIdentity,
  sample: readonly Pick<SourceFile, 'path'>[],
): ProfileChoice {
  const named = profiles.find((profile) => profile.name === identity.profile);
  if (named !== undefined) return { profile: named, why: 'the camera is registered with it' };
  const paths = sample.slice(0, PROFILE_SAMPLE_FILES).map(({ path }) => path.text.toLowerCase().split('/'));
  const fitting = profiles.filter((profile) => matches(profile, identity, paths));
  const best = fitting.toSorted(
    (a, b) => b.priority - a.priority || demands(b) - demands(a) || (a.name < b.name ? -1 : 1),
  )[0];
  const lacking =
    identity.profile === undefined ? '' : `; the profile ${identity.profile} it is registered with does not exist`;
  if (best === undefined) return { profile: TAKE_EVERYTHING, why: `no profile matches${lacking}` };
  return { profile: best, why: `it matches${lacking}` };
}

/** Every kind of demand a profile makes must be met; within a kind one is enough. A profile without demands matches every camera. */
function matches({ match }: Profile, identity: CameraIdentity, paths: readonly (readonly string[])[]): boolean {
  const label = identity.volume?.label?.toLowerCase();
  const byDevice = match.devices.some(
    (device) =>
      device.vendorId === identity.vendorId && (device.productId ?? identity.productId) === identity.productId,
  );
  const byLabel = match.labels.some((glob) => label !== undefined && matchName(glob.toLowerCase(), label));
  const byFiles = match.filesPresent.map(parseGlob).some((glob) => paths.some((path) => covers(glob, path)));
  return (
    (match.devices.length === 0 || byDevice) &&
    (match.labels.length === 0 || byLabel) &&
    (match.filesPresent.length === 0 || byFiles)
  );
}

function demands({ match }: Profile): number {
  return [match.devices, match.labels, match.filesPresent].filter((list) => list.length > 0).length;
}
