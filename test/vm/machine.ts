// The machine that QEMU is: processors, disks, USB controllers, serial port. A saved state fits one machine only, so the one that is saved
// and every one that goes on from it are described here and nowhere else. Never started here.
import { join } from 'node:path';

/** Where the parts of a machine are; all paths absolute. */
export interface MachineParts {
  /** Folder of kernel and initrd, as guest.sh prints it. */
  readonly guest: string;
  /** Folder of this run: disks, sockets, what the serial port said. */
  readonly folder: string;
  /** Whether writes to the station's disk are logged, so that what was not flushed can be taken back. */
  readonly logged: boolean;
  /** Whether the guest reaches this machine's loopback, as 10.0.2.2. */
  readonly network: boolean;
  /** Time of the guest's hardware clock at its start, `2001-01-01T00:00:00`; the true time if absent. */
  readonly clock?: string | undefined;
  /** State to go on from; a cold start if absent. */
  readonly state?: string | undefined;
}

const MEMORY_MIB = 1024;
/**
 * Kernel: nothing that costs an emulated processor time and has no part in what is tested. Programs that lie at other addresses each time
 * are translated each time: with norandmaps one starts in 9 ms instead of 31.
 */
const KERNEL =
  'console=ttyS0 root=/dev/vda rw quiet mitigations=off norandmaps audit=0 nowatchdog rcupdate.rcu_expedited=1 random.trust_cpu=on';
/** Without the two flags at the end kernel and libc copy byte by byte (`rep movsb`), which emulated is four times slower than by words. */
const PROCESSOR = 'max,la57=off,erms=off,fsrm=off';
/** Host caches may keep what the guest flushes: what is lost at a power cut is decided by the log, not by this machine's disk. */
const CACHE = 'cache.no-flush=on';

/** Names in the folder of a run. */
export const FILES = {
  system: 'system.qcow2',
  station: 'station.img',
  before: 'station.before.img',
  log: 'station.log',
  monitor: 'qmp.sock',
  agent: 'qga.sock',
  serial: 'serial.txt',
  serialSocket: 'serial.sock',
  said: 'qemu.txt',
} as const;

/** The arguments of qemu-system-x86_64. Emulated (tcg): not every machine that runs tests has KVM. */
export function machineArguments({ guest, folder, logged, network, clock, state }: MachineParts): readonly string[] {
  const at = (name: keyof typeof FILES): string => join(folder, FILES[name]);
  const station = `file.driver=file,file.filename=${at('station')},file.${CACHE}`;
  const log = `log.driver=file,log.filename=${at('log')},log.${CACHE},log-sector-size=512`;
  const pairs: readonly (readonly [option: string, value: string])[] = [
    ['-name', 'docket'],
    ['-display', 'none'],
    ['-monitor', 'none'],
    ['-machine', 'pc'],
    ['-accel', 'tcg,thread=multi'],
    ['-cpu', PROCESSOR],
    ['-smp', '2'],
    ['-m', `${MEMORY_MIB}`],
    ['-rtc', `base=${clock ?? 'utc'}`],
    ['-kernel', join(guest, 'vmlinux')],
    ['-initrd', join(guest, 'initrd.img')],
    ['-append', KERNEL],
    ['-drive', `if=none,id=system,file=${at('system')},format=qcow2,cache=unsafe`],
    ['-device', 'virtio-blk-pci,drive=system'],
    ['-blockdev', `node-name=station,${logged ? `driver=blklogwrites,${log}` : 'driver=raw'},${station}`],
    ['-device', 'virtio-blk-pci,id=station,drive=station,serial=station'],
    ['-device', 'virtio-rng-pci'],
    ['-device', 'VGA'],
    ['-device', 'qemu-xhci,id=xhci,p2=15,p3=15'],
    ['-device', 'usb-ehci,id=ehci'],
    ['-device', 'virtio-serial-pci'],
    ['-chardev', `socket,id=agent,path=${at('agent')},server=on,wait=off`],
    ['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
    ['-nic', `user,model=virtio-net-pci,restrict=${network ? 'off' : 'on'}`],
    ['-chardev', `socket,id=serial,path=${at('serialSocket')},server=on,wait=off,logfile=${at('serial')}`],
    ['-serial', 'chardev:serial'],
    ['-qmp', `unix:${at('monitor')},server=on,wait=off`],
    ...(state === undefined ? [] : [['-incoming', `exec:cat ${state}`] as const]),
  ];
  return ['-nodefaults', '-no-user-config', ...pairs.flat()];
}
