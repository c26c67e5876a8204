// What can be plugged into a running machine and pulled out again: cameras, hubs, disks. Everything is known by the id it was plugged with.
// Never writes to an image itself; what the guest writes to one reaches it at once.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonSocket } from './json-socket.ts';

/** A USB mass storage device (46f4:0001, QEMU USB HARDDRIVE) with a card. */
export interface StoragePlug {
  readonly id: string;
  /** Raw image on this machine; written to if the guest does. */
  readonly image: string;
  readonly serial: string;
  /** SuperSpeed if absent; `ehci.0` is high speed. */
  readonly bus?: 'xhci.0' | 'ehci.0' | undefined;
  /** Port, `1` or `1.4` behind a hub in port 1; the next free one if absent. */
  readonly port?: string | undefined;
  readonly readOnly?: boolean | undefined;
  /** A slow card, in bytes per second. */
  readonly throttle?: number | undefined;
  /** A worn card: reading this sector of 512 bytes is an I/O error. */
  readonly badSector?: number | undefined;
  /** An empty file on this machine in which writes to the card are logged; see write-log.ts. */
  readonly log?: string | undefined;
}

/** A camera that speaks MTP (46f4:0004), read-only. */
export interface MtpPlug {
  readonly id: string;
  /** Folder on this machine that it shows. */
  readonly folder: string;
  readonly name?: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** A node that QEMU still closes is asked for again so often, with a pause in milliseconds. */
const TRIES = 100;
const TRY_MS = 50;

/** The sockets of a machine, by its monitor. */
export class Sockets {
  readonly #monitor: JsonSocket;
  /** How to take away what stands behind a device, newest first. */
  readonly #behind = new Map<string, readonly (readonly [string, Json])[]>();

  constructor(monitor: JsonSocket) {
    this.#monitor = monitor;
  }

  /** Plugs mass storage in; the guest finds it a second or two later. */
  async plugStorage({
    id,
    image,
    serial,
    bus = 'xhci.0',
    port,
    readOnly = false,
    throttle,
    badSector,
    log,
  }: StoragePlug): Promise<void> {
    const worn = { event: 'none', iotype: 'read', errno: 5, sector: badSector, once: false, immediately: false };
    let file: Json = { driver: 'file', filename: image };
    if (badSector !== undefined) file = { driver: 'blkdebug', image: file, 'inject-error': [worn] };
    if (log !== undefined)
      file = { driver: 'blklogwrites', file, log: { driver: 'file', filename: log }, 'log-sector-size': 512 };
    let node = await this.#addDisk(id, file, readOnly);
    if (throttle !== undefined) node = await this.#slowDown(id, node, throttle);
    await this.#monitor.execute('device_add', {
      driver: 'usb-storage',
      id,
      bus,
      drive: node,
      serial,
      removable: true,
      ...(port === undefined ? {} : { port }),
    });
  }

  async plugMtp({ id, folder, name = 'BODYCAM' }: MtpPlug): Promise<void> {
    this.#behind.set(id, []);
    await this.#monitor.execute('device_add', {
      driver: 'usb-mtp',
      id,
      bus: 'xhci.0',
      rootdir: folder,
      desc: name,
      readonly: true,
    });
  }

  /** A hub with eight ports (USB 1.1), in a port of the controller. */
  async plugHub(id: string, port: string): Promise<void> {
    this.#behind.set(id, []);
    await this.#monitor.execute('device_add', { driver: 'usb-hub', id, bus: 'xhci.0', port });
  }

  /** A disk that is no camera: what an emulated camera is made of, or a way to bring files in. The guest finds it by `id`, its serial. */
  async plugDisk(id: string, image: string, readOnly = false): Promise<void> {
    const drive = await this.#addDisk(id, { driver: 'file', filename: image }, readOnly);
    await this.#monitor.execute('device_add', { driver: 'virtio-blk-pci', id, drive, serial: id });
  }

  /** Pulls it out without a word to the guest; its image may be plugged again. */
  async unplug(id: string): Promise<void> {
    const behind = this.#behind.get(id);
    if (behind === undefined) throw new Error(`nothing is plugged in as ${id}`);
    await this.#pullOut(id);
    for (const [command, input] of behind) await this.#takeAway(command, input);
    this.#behind.delete(id);
  }

  /** Pulls out a disk that the machine was started with, lets its file be changed, and plugs it in again. */
  async exchangeDisk(id: string, image: string, change: () => Promise<void>): Promise<void> {
    await this.#pullOut(id);
    await this.#takeAway('blockdev-del', { 'node-name': id });
    await change();
    const file = { driver: 'file', filename: image, cache: { 'no-flush': true } };
    await this.#monitor.execute('blockdev-add', { driver: 'raw', 'node-name': id, file });
    await this.#monitor.execute('device_add', { driver: 'virtio-blk-pci', id, drive: id, serial: id });
  }

  async #pullOut(id: string): Promise<void> {
    const gone = this.#monitor.event(({ event, data }) => event === 'DEVICE_DELETED' && data['device'] === id);
    await Promise.all([gone, this.#monitor.execute('device_del', { id })]);
  }

  async #addDisk(id: string, file: Json, readOnly: boolean): Promise<string> {
    const node = `disk-${id}`;
    await this.#monitor.execute('blockdev-add', { driver: 'raw', 'node-name': node, 'read-only': readOnly, file });
    this.#behind.set(id, [['blockdev-del', { 'node-name': node }]]);
    return node;
  }

  async #slowDown(id: string, node: string, bytesPerSecond: number): Promise<string> {
    const [slow, group] = [`slow-${id}`, `pace-${id}`];
    const limits = { 'bps-total': bytesPerSecond };
    await this.#monitor.execute('object-add', { 'qom-type': 'throttle-group', id: group, limits });
    await this.#monitor.execute('blockdev-add', {
      driver: 'throttle',
      'node-name': slow,
      'throttle-group': group,
      file: node,
    });
    const behind = this.#behind.get(id) ?? [];
    this.#behind.set(id, [['blockdev-del', { 'node-name': slow }], ...behind, ['object-del', { id: group }]]);
    return slow;
  }

  /** QEMU says that a device is gone a moment before it lets go of what stood behind it. */
  async #takeAway(command: string, input: Json): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#monitor.execute(command, input);
        return;
      } catch (error) {
        if (tries === TRIES) throw error;
        await sleep(TRY_MS);
      }
    }
  }
}
