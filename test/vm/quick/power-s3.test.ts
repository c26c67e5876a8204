// The power goes while a camera is taken by a station whose vault is an S3 store: the store keeps all that it was given, the disk loses what
// was not flushed. What the station finds when it is back is on record once, and everything on the camera is.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decodeReceipt, type Receipt } from '../../../src/evidence/index.ts';
import { adminClient, makeBucket } from '../../s3/buckets.ts';
import { type OwnServer, startServer } from '../../s3/server.ts';
import { type Card, expectUntouched, makeFatCard, makeFootage } from '../cards.ts';
import { makeChance } from '../chance.ts';
import { saveCold, startCold } from '../cold.ts';
import { begunIn, clockOf, untilSettled } from '../docking.ts';
import { asMany, numbers } from '../extent.ts';
import { FILES } from '../machine.ts';
import { copyImage, readyDisks, Vm } from '../rig.ts';
import { CAMERA, expectTaken, expectVerified, Station } from '../station.ts';

/** Of 50; the others have a directory vault. */
const MOMENTS = asMany(1, 15);
/** After one in so many the camera is docked again: what the power cut left is answered for without it. */
const DOCKED_EVERY = asMany(1, 3);
/** One in so many is a real boot. */
const BOOT_EVERY = 12;
const MIB = 1 << 20;
const HOME = '/var/lib/docket';
const NETWORK = { network: true };
const LOGGED = { ...NETWORK, logged: true };
/** A vault is tried before a station is made with it. */
const PATIENT = { patienceMs: 600_000 };
const LOOK = { timeout: 600_000, interval: 500 };
/** A moment is met between two writes. */
const CLOSE_LOOK = { ...LOOK, interval: 150 };
/** About what the guest takes from one write to the next, in milliseconds. */
const BETWEEN_MS = 200;

let folder: string;
let server: OwnServer;
let client: S3Client;
let bucket: string;
/** How many writes of a docking the store answers: moments are spread over them. */
let writes: number;
/** The station's disk as the power cut leaves it. */
let disk: string;
/** The station that went on after the moment before, and is the one whose power goes next. */
let station: Station;
const at = (name: string): string => join(folder, name);
const chance = makeChance('power with S3');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docket-vm-power-s3-'));
  server = await startServer();
  client = adminClient(server);
  bucket = await makeBucket(server);
  disk = at('disk');
  await saveCold(at('cold'), NETWORK, moveToBucket);
  await copyImage(join(at('cold'), FILES.station), disk);
  station = await startCold(at('cold'), disk, LOGGED);
  const card = await makeCard('first');
  const before = await countVersions();
  await dockIntoBucket(card);
  writes = (await countVersions()) - before;
  await pullOut();
}, 1_200_000);

afterAll(async () => {
  await station[Symbol.asyncDispose]();
  client.destroy();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The station of the guest is made anew, with its vault in a bucket. */
async function moveToBucket({ vm }: Station): Promise<void> {
  const endpoint = server.endpoint.replace('127.0.0.1', '10.0.2.2');
  const keys = `${HOME}/s3.credentials`;
  await vm.sh(
    `set -e; systemctl stop docketd; find ${HOME} -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +`,
  );
  await vm.writeFile(
    keys,
    `aws_access_key_id = ${server.accessKeyId}\naws_secret_access_key = ${server.secretAccessKey}\n`,
  );
  const place = `--vault s3://${bucket} --endpoint ${endpoint} --credentials-file ${keys}`;
  await vm.sh(`chmod 600 ${keys} && chown docket:docket ${keys}`);
  await vm.sh(`runuser -u docket -- docket init ${HOME} ${place}`, PATIENT);
  // Looking into films would take an emulated machine most of each moment, and writes nothing to the store.
  await vm.sh(`printf '\\n[media]\\nexamine = false\\n' >>${HOME}/docket.toml`);
  await vm.sh('systemctl start docketd', PATIENT);
  await vm.sh(`docket camera add ${CAMERA} --officer 张伟`, PATIENT);
}

/** A card with footage that no other has. */
function makeCard(seed: string): Promise<Card> {
  const files = makeFootage(`${CAMERA} ${seed}`, 3, MIB).map(({ path, bytes }) => ({
    path: path.replace(`${CAMERA} ${seed}`, CAMERA),
    bytes,
  }));
  return makeFatCard(at(`card-${seed}.img`), { serial: CAMERA, files });
}

/** Receipts that were read: none of them ever changes. */
const known = new Map<string, Receipt>();

/** Receipts in the bucket, of dockings that began at `since` or later. */
async function receiptsSince(since: number): Promise<readonly Receipt[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'receipts/' }));
  for (const { Key = '' } of Contents) if (!known.has(Key)) known.set(Key, await readReceipt(Key));
  return [...known.values()].filter(({ startedAt }) => Date.parse(startedAt) >= since);
}

async function readReceipt(key: string): Promise<Receipt> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return decodeReceipt((await Body?.transformToByteArray()) ?? new Uint8Array(), key);
}

/** Versions of objects in the bucket: each write that the store has answered, or is about to. */
async function countVersions(): Promise<number> {
  let count = 0;
  for (let place = {}, more = true; more; ) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, ...place }));
    count += page.Versions?.length ?? 0;
    place = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    more = page.IsTruncated === true;
  }
  return count;
}

/** Docks the camera and waits until all that is on its card is on record. */
async function dockIntoBucket(card: Card): Promise<void> {
  const since = await clockOf(station);
  await station.plug(card);
  const receipt = await vi.waitFor(
    async () => (await receiptsSince(since))[0] ?? expect.fail('there is no receipt in the bucket'),
    LOOK,
  );
  expectTaken(receipt, card);
  await untilSettled(station);
}

/** The dock is free for the next card. */
async function pullOut(): Promise<void> {
  await station.vm.unplug(CAMERA);
  await station.untilUnmounted();
}

/** Every file on every receipt of this card is on record with its bytes, or says why not. */
async function expectReported(card: Card, since: number): Promise<void> {
  for (const { files } of await receiptsSince(since))
    for (const { path, outcome, sha256, reason } of files)
      if (outcome === 'recorded' || outcome === 'already-recorded') expect(sha256).toBe(card.truth[path.text]);
      else expect(reason, `${path.text} is ${outcome}, and why`).toBeTruthy();
}

function isBoot(n: number): boolean {
  return n % BOOT_EVERY === BOOT_EVERY - 1;
}

/** The store has all that the station has, also of what the power cut kept from it. */
async function untilPublished(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { ledger } = await station.status();
      expect(ledger.published).toBe(ledger.size);
    },
    { ...LOOK, interval: 1000 },
  );
  await untilSettled(station);
}

/** The station on what the power cut left; `begun` is given what is unfinished, except where the machine really boots. */
async function start(n: number, begun: string[]): Promise<Station> {
  if (isBoot(n)) return Station.in(await Vm.boot({ ...(await readyDisks(at('cold'))), station: disk }, LOGGED));
  return startCold(at('cold'), disk, LOGGED, async (vm) => {
    begun.push(...(await begunIn(vm)));
  });
}

/** What was begun has its receipt before any camera comes. */
async function untilAnswered(begun: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    const answered = new Set((await receiptsSince(0)).map(({ acquisition }) => String(acquisition)));
    expect(begun.filter((each) => !answered.has(each))).toEqual([]);
  }, LOOK);
}

it.each(numbers(MOMENTS))('leaves a station that goes on with what the store has, moment %i', async (n) => {
  const card = await makeCard(String(n));
  const began = await cutPower(n, card);
  const begun: string[] = [];
  station = await start(n, begun);
  await untilAnswered(begun);
  if (n % DOCKED_EVERY === 0 || isBoot(n)) {
    await dockIntoBucket(card);
    await pullOut();
  }
  await untilPublished();
  await expectReported(card, began);
  await expectVerified(station);
  await expectUntouched(card);
});

/** Docks a camera and lets the power go; the disk is left as it is then. When the docking began, in the guest's time. */
async function cutPower(n: number, card: Card): Promise<number> {
  await using ending = station;
  const { vm } = ending;
  const began = await clockOf(ending);
  const before = await countVersions();
  await ending.plug(card);
  await ending.untilMounted();
  const until = Math.floor(((n + chance()) / MOMENTS) * writes);
  await vi.waitFor(async () => expect((await countVersions()) - before).toBeGreaterThanOrEqual(until), CLOSE_LOOK);
  // Somewhere between this answer of the store and the next.
  await sleep(chance() * BETWEEN_MS);
  const keep = n % 2 === 1 ? () => chance() < 0.5 : undefined;
  const { lost } = await vm.powerCut(keep);
  const reached = (await countVersions()) - before;
  console.log(`power cut ${n} after ${reached} of ${writes} writes to the bucket, ${lost} writes to the disk lost`);
  await copyImage(join(vm.folder, FILES.station), disk);
  return began;
}
