// The process that opens and reads the files of a card that a program shows (FUSE). It is a process of its own because whatever starts
// another closes, for a moment, copies of all that it has open: jmtpfs is told of each, throws away the object that it fetched whole, and
// fetches it again. So this one never starts anything, and never opens anything but to read it.
import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../evidence/index.ts';
import { errno, openFolderOf, openRegular, openRoot, pathIn } from './folder-tree.ts';
import { type Answer, type Question, questionSchema } from './reader-words.ts';

/** Files open at a time: a card is copied file by file. */
const MAX_FILES = 16;

const files = new Map<number, FileHandle>();
let numbers = 0;

// The station went away: nobody waits for the answer. Not exit(), which waits for reads under way.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// A service that stops is told so as a whole; the station ends this process once what it does is cancelled, and not broken.
for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(each, () => undefined);

process.on('message', (message) => {
  const question = questionSchema.parse(message);
  answer(question).then(
    (value) => tell({ id: question.id, value }),
    (error: unknown) => {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      tell({ id: question.id, errno: code });
    },
  );
});

function tell(answered: Answer): void {
  process.send?.(answered);
}

async function answer(question: Question): Promise<unknown> {
  if (question.ask === 'open') return await openFile(question);
  const file = files.get(question.file);
  if (file === undefined) throw errno('EBADF', 'no open file');
  switch (question.ask) {
    case 'read': {
      const buffer = Buffer.allocUnsafeSlow(question.lengthBytes);
      const { bytesRead } = await file.read(buffer, 0, question.lengthBytes, question.positionBytes);
      return buffer.subarray(0, bytesRead);
    }
    case 'stat': {
      const { size, mtimeMs } = await file.stat();
      return { size, mtimeMs };
    }
    case 'close':
      files.delete(question.file);
      await file.close();
      return 'closed';
  }
}

/** Opens a file below the root that the station has open, by the same way as it would: its path alone says nothing. */
async function openFile({ root, dev, ino, path }: Extract<Question, { ask: 'open' }>): Promise<number> {
  if (files.size >= MAX_FILES) throw errno('EMFILE', 'too many open files');
  await using directory = await openRoot(root);
  const facts = await directory.stat();
  if (facts.dev !== dev || facts.ino !== ino) throw errno('ESTALE', 'another card stands there');
  const { folder, name } = await openFolderOf(directory, path, dev);
  await using _folder = folder;
  const opened = await openRegular(pathIn(folder, name));
  numbers += 1;
  files.set(numbers, opened);
  return numbers;
}
