// The station in the guest, as its people see it: cameras are plugged in, receipts appear, commands are given, everything is verified.
// Never looks where a command would not, but for receipts, which are read as they lie in the vault.
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { z } from 'zod';
import type { StatusView } from '../../src/cli/index.ts';
import { decodeReceipt, type Receipt } from '../../src/evidence/index.ts';
import { type Card, expectUntouched } from './cards.ts';
import { readyDisks, Vm, type VmOptions } from './rig.ts';
import type { StoragePlug } from './sockets.ts';
import { verifyCopy } from './verification.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the ready state. */
    vm: string;
  }
}

/** Cameras that every station here knows: BC01 is 张伟's. See save-ready.ts. */
export const CAMERA = 'BC01';

const HOME = '/var/lib/docket';
/** Looked at again and again while an emulated processor has better things to do: bash's own words, and no other program. */
const LIST_RECEIPTS = `n=0; for each in ${HOME}/vault/receipts/*/*.json; do
  case $each in *-released.json | *'*'*) ;; *) n=$((n + 1)); echo "$each" ;; esac; done`;
/** How long a problem is waited for, and how often it is asked for: each question starts a program in the guest. */
const TOLD = { timeout: 120_000, interval: 500 };
const verifySchema = z.object({ ok: z.boolean(), findings: z.array(z.unknown()) });

/** A station that runs in a guest of its own. Whoever opened it disposes it. */
export class Station implements AsyncDisposable {
  readonly vm: Vm;
  /** Receipts that were read, by path: none of them ever changes. */
  readonly #read = new Map<string, Receipt>();

  private constructor(vm: Vm) {
    this.vm = vm;
  }

  /** Goes on where the package was installed, the station made, its cameras registered, and docketd is running. */
  static async open(options: VmOptions = {}): Promise<Station> {
    return new Station(await Vm.restore(await readyDisks(inject('vm')), options));
  }

  /** The station in a guest that somebody else started; it is disposed with the station. */
  static in(vm: Vm): Station {
    return new Station(vm);
  }

  /** A path for a card's image, gone with the guest. */
  at(name: string): string {
    return join(this.vm.folder, name);
  }

  /** Puts a camera into a dock, by USB. The camera is pulled out by its serial. */
  plug({ image, serial }: Card, how: Partial<StoragePlug> = {}): Promise<void> {
    return this.vm.plugStorage({ id: serial, image, serial, ...how });
  }

  /** `docket …` as root, with --json; whatever it printed, also when it exits with something else than 0. */
  async docket(command: string): Promise<unknown> {
    const { status, out, err } = await this.vm.run(`docket ${command} --json`);
    if (out === '') throw new Error(`docket ${command} ended with ${status} and printed nothing: ${err}`);
    return JSON.parse(out);
  }

  /** What `docket status` shows, asked of docketd itself: quick enough to be asked again and again. */
  async status(): Promise<StatusView> {
    const socket = `curl -sS --fail --unix-socket ${HOME}/state/docketd.sock -d '{}' http://docket/v1/status`;
    const answer: unknown = JSON.parse(await this.vm.sh(socket));
    return z.object({ result: z.custom<StatusView>((value) => typeof value === 'object') }).parse(answer).result;
  }

  /** Waits until a problem with these words is told. */
  async untilTold(words: string | RegExp): Promise<void> {
    await expect
      .poll(async () => (await this.status()).problems.map(({ what }) => what).join('\n'), TOLD)
      .toMatch(words);
  }

  /** Waits until docketd takes cameras. */
  async untilRunning(): Promise<void> {
    await this.vm.until('systemctl is-active --quiet docketd');
  }

  /** Waits until at least `count` receipts are in the vault; all of them, oldest first. A directory vault only. */
  receipts(count: number, patienceMs?: number): Promise<readonly Receipt[]> {
    return this.#receiptsWhen(`$n -ge ${count}`, patienceMs);
  }

  /** Waits until there are more or fewer receipts than so many; all of them, oldest first. A directory vault only. */
  receiptsBut(count: number, patienceMs?: number): Promise<readonly Receipt[]> {
    return this.#receiptsWhen(`$n -ne ${count}`, patienceMs);
  }

  async #receiptsWhen(enough: string, patienceMs?: number): Promise<readonly Receipt[]> {
    const list = await this.vm.until(`${LIST_RECEIPTS}; test ${enough}`, patienceMs);
    const paths = list.split('\n').filter((line) => line !== '');
    const unread = paths.filter((path) => !this.#read.has(path));
    const lines = unread.length === 0 ? '' : await this.vm.sh('xargs cat', { input: unread.join('\n') });
    for (const [at, line] of lines.split('\n').entries()) {
      const path = unread[at];
      if (path !== undefined) this.#read.set(path, decodeReceipt(Buffer.from(line), path));
    }
    return paths.map((path) => this.#read.get(path) ?? expect.fail(`${path} is no line`));
  }

  /** Waits until something of a camera's card was copied, and there is more to come. */
  async untilCopying(bytes = 1): Promise<void> {
    await this.vm.until(
      `test $(find ${HOME}/state/spool -name '*.part' -printf '%s\\n' | sort -n | tail -n 1) -ge ${bytes}`,
    );
  }

  /** Waits until a camera is mounted. */
  async untilMounted(): Promise<void> {
    await this.vm.until(`mapfile -t m </proc/mounts; [[ \${m[*]} == *' /run/docket/cameras/'* ]]`);
  }

  /** Waits until no camera is mounted. */
  async untilUnmounted(): Promise<void> {
    await this.vm.until(`mapfile -t m </proc/mounts; [[ \${m[*]} != *' /run/docket/cameras/'* ]]`);
  }

  /** Where cameras are mounted now: `/run/docket/cameras/… options` by line. */
  mounts(): Promise<string> {
    return this.vm.sh(`findmnt --noheadings --raw --output TARGET,FSTYPE,OPTIONS | grep ^/run/docket/cameras/ || true`);
  }

  /** What docketd said since this guest was started. */
  journal(): Promise<string> {
    return this.vm.sh('journalctl --unit=docketd --output=cat --no-pager');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.vm[Symbol.asyncDispose]();
  }
}

/** Every file of the card is on this receipt, on record, with its bytes; what the profile skips is no evidence (lost+found). */
export function expectTaken(receipt: Receipt | undefined, card: Card): void {
  expect(receipt?.camera.serial).toBe(card.serial);
  const files = receipt?.files.filter(
    ({ path, outcome }) => outcome !== 'skipped' || Object.hasOwn(card.truth, path.text),
  );
  const found = files?.map(({ path, outcome, sha256 }) => [
    path.text,
    outcome === 'recorded' || outcome === 'already-recorded' ? sha256 : outcome,
  ]);
  expect(Object.fromEntries(found ?? [])).toEqual(card.truth);
}

/**
 * What must hold after anything that happens to a station: verification finds nothing, every file on every receipt of these cards is on
 * record with its bytes or says why not, and nobody wrote to a card.
 */
export async function expectSound(station: Station, cards: readonly Card[], receipts = cards.length): Promise<void> {
  const truths = new Map(cards.map((card) => [card.serial, card.truth]));
  for (const { camera, files } of await station.receipts(receipts))
    for (const { path, outcome, sha256, reason } of files) {
      const truth = truths.get(camera.serial ?? '')?.[path.text];
      if (outcome === 'recorded' || outcome === 'already-recorded') expect(sha256, path.text).toBe(truth);
      else expect(reason, `${path.text} is ${outcome}, and why`).toBeTruthy();
    }
  await expectVerified(station);
  for (const card of cards) await expectUntouched(card);
}

/** `docket verify` finds nothing. */
export async function expectVerified(station: Station): Promise<void> {
  const verified = verifySchema.parse(await verifyCopy(station.vm));
  expect(verified.findings).toEqual([]);
  expect(verified.ok).toBe(true);
}
