// Every vault keeps the contract: in memory, in a directory beside the spool, and in a directory on another file system.
import { mkdir } from 'node:fs/promises';
import { openDigestPool } from '../../src/platform/index.ts';
import { openDirectoryVault, openMemoryVault } from '../../src/vault/index.ts';
import { describeVault, type OpenVault } from '../contract/vault.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { OTHER_FILE_SYSTEM } from './places.ts';

function inDirectory(base?: string): OpenVault {
  return async () => {
    const folder = await makeTempFolder(base);
    const digests = openDigestPool(2);
    await mkdir(folder.at('vault'));
    return {
      vault: await openDirectoryVault({ path: folder.at('vault'), digests }),
      [Symbol.asyncDispose]: async () => {
        await digests.close();
        await folder[Symbol.asyncDispose]();
      },
    };
  };
}

describeVault('memory', async () => ({ vault: openMemoryVault(), [Symbol.asyncDispose]: () => Promise.resolve() }));
describeVault('directory', inDirectory());
describeVault('directory on another file system', inDirectory(OTHER_FILE_SYSTEM));
