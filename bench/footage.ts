// Files to copy: random bytes, so that nothing on the way can compress or merge them. Made once, in the workspace, and read once, so
// that they are in the page cache for everybody alike. Never footage that could be played.
import { createCipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 1_048_576;
/** Bytes of one file. */
const FILE_BYTES = 512 * MIB;
/** Files of one camera. */
const FILES_PER_CAMERA = 2;
const CHUNK = Buffer.alloc(8 * MIB);

/** One folder per camera, 1 GiB in two files each; cameras made before stay. Returns their paths. */
export async function makeCameras(folder: string, count: number): Promise<readonly string[]> {
  const cameras: string[] = [];
  for (let n = 1; n <= count; n += 1) {
    const camera = join(folder, `camera-${n}`);
    if ((await mkdir(join(camera, 'DCIM'), { recursive: true })) !== undefined)
      for (let k = 1; k <= FILES_PER_CAMERA; k += 1) await makeFile(fileOf(camera, n, k));
    cameras.push(camera);
  }
  return cameras;
}

/** One folder with the eight files (4 GiB) of the first four cameras, as second names. */
export async function makeFootage(folder: string): Promise<string> {
  const footage = join(folder, 'footage');
  const cameras = await makeCameras(folder, 4);
  if ((await mkdir(footage, { recursive: true })) === undefined) return footage;
  for (const [at, camera] of cameras.entries())
    for (let k = 1; k <= FILES_PER_CAMERA; k += 1)
      await link(fileOf(camera, at + 1, k), join(footage, `BC${at + 1}_${k}.mp4`));
  return footage;
}

/** A folder with `count` files of so many MiB. */
export async function makeFiles(folder: string, count: number, mib: number): Promise<string> {
  const made = join(folder, `files-${count}-of-${mib}`);
  if ((await mkdir(made, { recursive: true })) === undefined) return made;
  for (let k = 1; k <= count; k += 1) await makeFile(join(made, `BC7_${k}.mp4`), mib * MIB);
  return made;
}

function fileOf(camera: string, n: number, k: number): string {
  return join(camera, 'DCIM', `BC${n}_${k}.mp4`);
}

/** A cipher's key stream: as random as a copy can tell, and much faster to make. */
async function makeFile(path: string, sizeBytes = FILE_BYTES): Promise<void> {
  const stream = createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16));
  await using file = await open(path, 'wx');
  for (let done = 0; done < sizeBytes; done += CHUNK.length) await file.writeFile(stream.update(CHUNK));
  await file.sync();
}
