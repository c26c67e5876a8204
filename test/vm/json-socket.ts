// JSON lines over a unix socket, as QEMU's monitor (QMP) and the agent in the guest speak them: requests are answered in their order.
// Never asks twice: what is not answered in time is an error, and its late answer is dropped.
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Longest wait for an answer, in milliseconds; a guest that is emulated may be busy for seconds. */
const ANSWER_MS = 60_000;
/** The agent forgets what it was reading when it sees this byte; see guest-sync-delimited in QEMU's manual. */
const FORGET = Buffer.from([0xff]);

const messageSchema = z.looseObject({
  event: z.string().optional(),
  data: z.looseObject({}).optional(),
  return: z.unknown().optional(),
  error: z.looseObject({ desc: z.string() }).optional(),
  QMP: z.unknown().optional(),
});
type Message = z.infer<typeof messageSchema>;

/** An event of QMP. */
export interface QemuEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A connection. Whoever opened it closes it; disposing ends what waits with an error. */
export class JsonSocket implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: ((message: Message) => void)[] = [];
  readonly #listeners = new Set<(event: QemuEvent) => void>();
  /** While the agent is woken up: the answer that everything before it is dropped for. */
  #expected: number | undefined;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // A machine that ends may reset the connection: the lines tell of it too, and what it means is decided once, below.
    createInterface({ input: socket })
      .on('line', (line) => this.#read(line))
      .on('error', () => undefined);
    const end = (): void => {
      this.#closed = true;
      for (const answer of this.#waiting.splice(0)) answer({ error: { desc: 'the connection was closed' } });
    };
    socket.on('close', end).on('error', end);
  }

  /** Connects to a socket that is there. */
  static connect(path: string): Promise<JsonSocket> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new JsonSocket(socket));
      });
    });
  }

  /** Resolves with what the other side returns; rejects with what it says is wrong, or when it says nothing. */
  execute(command: string, input?: Readonly<Record<string, unknown>>, answerMs = ANSWER_MS): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error(`${command}: the connection was closed`));
        return;
      }
      const answer = (message: Message): void => {
        clearTimeout(timer);
        if (message.error === undefined) resolve(message.return);
        else reject(new Error(`${command}: ${message.error.desc}`));
      };
      // A late answer still takes its own place in the queue.
      const timer = setTimeout(() => {
        this.#waiting[this.#waiting.indexOf(answer)] = () => undefined;
        reject(new Error(`${command}: no answer in ${answerMs} ms`));
      }, answerMs);
      this.#waiting.push(answer);
      this.#socket.write(
        `${JSON.stringify({ execute: command, ...(input === undefined ? {} : { arguments: input }) })}\n`,
      );
    });
  }

  /** Resolves with the next event that fits; to be asked for before what causes it. */
  event(fits: (event: QemuEvent) => boolean, patienceMs = ANSWER_MS): Promise<QemuEvent> {
    return new Promise((resolve, reject) => {
      const listen = (event: QemuEvent): void => {
        if (!fits(event)) return;
        clearTimeout(timer);
        this.#listeners.delete(listen);
        resolve(event);
      };
      const timer = setTimeout(() => {
        this.#listeners.delete(listen);
        reject(new Error(`an event of QEMU did not come in ${patienceMs} ms`));
      }, patienceMs);
      this.#listeners.add(listen);
    });
  }

  /** The agent answers this request and nothing older. Rejects when it is not there yet. */
  async synchronize(answerMs: number): Promise<void> {
    const id = Math.floor(Math.random() * 2 ** 31);
    this.#expected = id;
    this.#socket.write(FORGET);
    await this.execute('guest-sync-delimited', { id }, answerMs);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(line: string): void {
    const text = line.replace(/^[^{]*/, ''); // the byte that delimits the agent's answer
    if (text === '') return;
    const message = messageSchema.parse(JSON.parse(text));
    if (message.QMP !== undefined) return; // QEMU greets
    if (message.event !== undefined) {
      for (const listen of this.#listeners) listen({ event: message.event, data: message.data ?? {} });
      return;
    }
    if (this.#expected !== undefined && message.return !== this.#expected) return;
    this.#expected = undefined;
    this.#waiting.shift()?.(message);
  }
}
