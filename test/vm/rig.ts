// A guest under QEMU: started cold or from its saved state, commanded, plugged into, cut from its power and started again on what is left
// of its disks. Never leaves a machine behind: it ends with its test, and with the process that started it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Agent, type Ran, type RunOptions } from './agent.ts';
import { JsonSocket } from './json-socket.ts';
import { FILES, machineArguments } from './machine.ts';
import { type MtpPlug, Sockets, type StoragePlug } from './sockets.ts';
import { type Keep, type Replayed, replayLog } from './write-log.ts';

const runProgram = promisify(execFile);
/** Longest a guest may take to start from nothing, in milliseconds; it takes 10 to 30 seconds. */
const BOOT_MS = 300_000;
const LOOK_MS = 50;
/** The agent answers within this, once it is there. */
const AGENT_MS = 2000;

/** What a guest starts from; none of these files is ever changed. */
export interface Disks {
  /** Folder of kernel and initrd. */
  readonly guest: string;
  readonly system: string;
  readonly systemFormat: 'raw' | 'qcow2';
  /** Raw image that becomes /var/lib/docket. */
  readonly station: string;
  /** The state that fits these disks. */
  readonly state?: string | undefined;
}

/** How a guest is started. */
export interface VmOptions {
  /** A power cut takes from the station's disk what the guest had not flushed; else only what was in its memory. */
  readonly logged?: boolean | undefined;
  /** The guest reaches this machine's loopback as 10.0.2.2; else it reaches nothing. */
  readonly network?: boolean | undefined;
  /** Time of the hardware clock at a cold start: `2001-01-01T00:00:00`. */
  readonly clock?: string | undefined;
}

/** Names in a folder with a ready state; see ready.sh. */
const READY = { guest: 'guest', state: 'state', system: 'system.qcow2', station: 'station.img' } as const;

/** The guest that was saved in a folder. */
export async function readyDisks(folder: string): Promise<Disks & { readonly state: string }> {
  return {
    guest: await realpath(join(folder, READY.guest)),
    system: join(folder, READY.system),
    systemFormat: 'qcow2',
    station: join(folder, READY.station),
    state: join(folder, READY.state),
  };
}

/** Copies an image without writing what is empty in it. */
export async function copyImage(from: string, to: string): Promise<void> {
  await runProgram('cp', ['--sparse=always', '--reflink=auto', from, to]);
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly monitor: JsonSocket;
  agentSocket?: JsonSocket;
  agent?: Agent;
  readonly sockets: Sockets;
}

/** One guest and its disks. Whoever started it disposes it. */
export class Vm implements AsyncDisposable {
  /** Folder of this run, for what a test wants to keep beside the guest. */
  readonly folder: string;
  readonly #guest: string;
  readonly #options: VmOptions;
  #running: Running | undefined;

  private constructor(folder: string, guest: string, options: VmOptions) {
    this.folder = folder;
    this.#guest = guest;
    this.#options = options;
  }

  /** Goes on from the saved state, on disks of its own, with the right time: one to three seconds. */
  static restore(ready: Disks & { readonly state: string }, options: VmOptions = {}): Promise<Vm> {
    return Vm.#open(ready, options, async (vm) => {
      await vm.#launch(undefined, ready.state);
      await vm.#goOn();
      await vm.#wakeAgent();
      await vm.#agent.setClock();
    });
  }

  /** Starts cold, on disks of its own. */
  static boot(disks: Disks, options: VmOptions = {}): Promise<Vm> {
    return Vm.#open(disks, options, (vm) => vm.powerOn(options.clock));
  }

  static async #open(disks: Disks, options: VmOptions, start: (vm: Vm) => Promise<void>): Promise<Vm> {
    const vm = new Vm(await mkdtemp(join(tmpdir(), 'docket-vm-')), disks.guest, options);
    try {
      const overlay = ['create', '-q', '-f', 'qcow2', '-b', disks.system, '-F', disks.systemFormat];
      await runProgram('qemu-img', [...overlay, vm.#at('system')]);
      await copyImage(disks.station, vm.#at('station'));
      await start(vm);
      return vm;
    } catch (error) {
      await vm[Symbol.asyncDispose]();
      throw error;
    }
  }

  // ---------------------------------------------------------------------------------------------- power

  /** Starts cold on the disks as they are; resolves when commands are answered, which is before every service runs. */
  async powerOn(clock?: string): Promise<void> {
    await this.#launch(clock);
    await this.#wakeAgent();
  }

  /** The power goes. Of a logged disk only what was flushed is left, and of the rest what `keep` says; tells what was lost there. */
  async powerCut(keep?: Keep): Promise<Replayed> {
    await this.#kill();
    if (this.#options.logged !== true) return { writes: 0, flushes: 0, lost: 0 };
    await copyImage(this.#at('before'), this.#at('station'));
    return replayLog(this.#at('log'), this.#at('station'), keep);
  }

  /** Copies the station's disk as it is between two writes; writing waits meanwhile. */
  async copyStation(to: string): Promise<void> {
    await this.sh('fsfreeze --freeze /var/lib/docket');
    try {
      await copyImage(this.#at('station'), to);
    } finally {
      await this.sh('fsfreeze --unfreeze /var/lib/docket');
    }
  }

  /** Gives the machine another disk for its station, of which nothing may be mounted. Not one that is logged. */
  async exchangeStation(image: string): Promise<void> {
    const own = this.#at('station');
    await this.#now.sockets.exchangeDisk('station', own, () => copyImage(image, own));
  }

  /** Ends the guest and leaves its state, and the disks that belong to it, in a folder: what restore() goes on from. */
  async save(folder: string): Promise<void> {
    const { monitor, ended } = this.#now;
    await monitor.execute('stop');
    await monitor.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 32 });
    await monitor.execute('migrate', { uri: `exec:cat >${join(folder, READY.state)}` });
    for (let status = ''; status !== 'completed'; await sleep(LOOK_MS)) {
      ({ status } = z.object({ status: z.string().default('') }).parse(await monitor.execute('query-migrate')));
      if (status === 'failed') throw new Error(`QEMU could not save its state into ${folder}`);
    }
    await monitor.execute('quit').catch(() => undefined); // QEMU may be gone before it answers
    await ended;
    await this.#kill();
    await copyImage(this.#at('system'), join(folder, READY.system));
    await copyImage(this.#at('station'), join(folder, READY.station));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill();
    if (process.env['DOCKET_VM_KEEP'] === undefined) await rm(this.folder, { recursive: true, force: true });
  }

  // ---------------------------------------------------------------------------------------------- inside

  /** Runs a shell command as root; see Agent. */
  run(command: string, options?: RunOptions): Promise<Ran> {
    return this.#agent.run(command, options);
  }

  /** Runs a command that must succeed; what it printed. */
  sh(command: string, options?: RunOptions): Promise<string> {
    return this.#agent.sh(command, options);
  }

  /** Runs a command until it succeeds; what it printed then. */
  until(command: string, patienceMs?: number): Promise<string> {
    return this.#agent.until(command, patienceMs);
  }

  readFile(path: string): Promise<Buffer> {
    return this.#agent.readFile(path);
  }

  writeFile(path: string, data: string | Buffer): Promise<void> {
    return this.#agent.writeFile(path, data);
  }

  // ---------------------------------------------------------------------------------------------- sockets

  plugStorage(plug: StoragePlug): Promise<void> {
    return this.#now.sockets.plugStorage(plug);
  }

  plugMtp(plug: MtpPlug): Promise<void> {
    return this.#now.sockets.plugMtp(plug);
  }

  plugHub(id: string, port: string): Promise<void> {
    return this.#now.sockets.plugHub(id, port);
  }

  /** Plugs a disk that is no camera; its device in the guest, `/dev/vdc`. */
  async plugDisk(id: string, image: string, readOnly?: boolean): Promise<string> {
    await this.#now.sockets.plugDisk(id, image, readOnly);
    return this.until(
      `grep -lx ${id} /sys/block/vd*/serial | sed -n 's|/sys/block/\\(.*\\)/serial|/dev/\\1|p' | grep .`,
    );
  }

  unplug(id: string): Promise<void> {
    return this.#now.sockets.unplug(id);
  }

  /** Takes a picture of the monitor (PNG). */
  async screenshot(file: string): Promise<void> {
    await this.#now.monitor.execute('screendump', { filename: file, format: 'png' });
  }

  /** Resident memory of QEMU, in MiB. */
  async memoryMib(): Promise<number> {
    const status = await readFile(`/proc/${this.#now.child.pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
  }

  // ---------------------------------------------------------------------------------------------- how

  #at(name: keyof typeof FILES): string {
    return join(this.folder, FILES[name]);
  }

  get #now(): Running {
    if (this.#running === undefined) throw new Error('this guest has no power');
    return this.#running;
  }

  get #agent(): Agent {
    const { agent } = this.#now;
    if (agent === undefined) throw new Error('the agent of this guest has not answered yet');
    return agent;
  }

  async #launch(clock?: string, state?: string): Promise<void> {
    const logged = this.#options.logged === true;
    if (logged) {
      await copyImage(this.#at('station'), this.#at('before'));
      await writeFile(this.#at('log'), '');
    }
    for (const name of ['monitor', 'agent', 'serialSocket'] as const) await rm(this.#at(name), { force: true });
    const args = machineArguments({
      guest: this.#guest,
      folder: this.folder,
      logged,
      clock,
      state,
      network: this.#options.network === true,
    });
    const said = openSync(this.#at('said'), 'a');
    // Whatever becomes of this process, the machine goes with it.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
      stdio: ['ignore', said, said],
    });
    closeSync(said);
    const ended = once(child, 'exit');
    try {
      const monitor = await this.#connect('monitor', child);
      await monitor.execute('qmp_capabilities');
      this.#running = { child, ended, monitor, sockets: new Sockets(monitor) };
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** The socket is there a moment after QEMU has started. */
  async #connect(name: 'monitor' | 'agent', child: ChildProcess): Promise<JsonSocket> {
    for (;;) {
      try {
        return await JsonSocket.connect(this.#at(name));
      } catch (error) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`QEMU ended: ${await readFile(this.#at('said'), 'utf8')}`, { cause: error });
        await sleep(LOOK_MS);
      }
    }
  }

  /** A state that was saved standing still is set going once it is read. */
  async #goOn(): Promise<void> {
    const { monitor } = this.#now;
    for (;;) {
      const { status } = z.object({ status: z.string() }).parse(await monitor.execute('query-status'));
      if (status === 'running') return;
      if (status === 'inmigrate') await sleep(LOOK_MS);
      else await monitor.execute('cont');
    }
  }

  async #wakeAgent(): Promise<void> {
    const running = this.#now;
    const until = performance.now() + BOOT_MS;
    for (;;) {
      const socket = await this.#connect('agent', running.child);
      try {
        await socket.synchronize(AGENT_MS);
        running.agentSocket = socket;
        running.agent = new Agent(socket);
        return;
      } catch (error) {
        socket[Symbol.dispose]();
        if (performance.now() > until)
          throw new Error(`the guest did not start in ${BOOT_MS} ms: ${await this.#lastWords()}`, { cause: error });
      }
    }
  }

  /** The end of what the serial port said. */
  async #lastWords(): Promise<string> {
    const text = await readFile(this.#at('serial'), 'latin1').catch(() => ''); // it said nothing yet
    return text.slice(-2000);
  }

  async #kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.child.kill('SIGKILL');
    await running.ended;
    running.agentSocket?.[Symbol.dispose]();
    running.monitor[Symbol.dispose]();
  }
}
