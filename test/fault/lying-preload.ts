// Loaded before docket in tests: a disk that does what it is told and then says that it failed. Which call is told by DOCKET_LIE
// (`link 3`: the third link); how many there were is written to the file DOCKET_LIE_COUNTS names. Never loaded by the product.
import { writeFileSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [name = '', at = '0'] = (process.env['DOCKET_LIE'] ?? '').split(' ');
const counts: Record<string, number> = {};

function lying<A extends unknown[], R>(called: string, work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async function (this: unknown, ...args: A): Promise<R> {
    const done = await work.apply(this, args);
    counts[called] = (counts[called] ?? 0) + 1;
    if (called === name && counts[called] === Number(at))
      throw Object.assign(new Error(`EIO: i/o error, ${called}`), { code: 'EIO', errno: -5, syscall: called });
    return done;
  };
}

const handle = await fs.open('/dev/null');
const handles = Object.getPrototypeOf(handle) as FileHandle; // the class itself is not exported
await handle.close();
// lying() calls them with the handle they are called on.
handles.sync = lying('sync', handles.sync); // oxlint-disable-line typescript/unbound-method -- see above
handles.datasync = lying('datasync', handles.datasync); // oxlint-disable-line typescript/unbound-method -- see above
Object.assign(fs, {
  link: lying('link', fs.link),
  rename: lying('rename', fs.rename),
  unlink: lying('unlink', fs.unlink),
  mkdir: lying('mkdir', fs.mkdir),
  chmod: lying('chmod', fs.chmod),
  rm: lying('rm', fs.rm),
});
syncBuiltinESMExports();

const report = process.env['DOCKET_LIE_COUNTS'];
if (report !== undefined) process.on('exit', () => writeFileSync(report, JSON.stringify(counts)));
