// The command line's doors to stations: an existing one by its configuration, a new one by init.
// Never reads a configuration twice for one command.

import { loadProfiles } from '../camera/index.ts';
import type { Doors } from '../cli/index.ts';
import { readConfig } from '../platform/index.ts';
import { examineInstallation } from './doctor.ts';
import { initStation } from './init.ts';
import { openUseCases } from './local.ts';
import { restoreStation } from './restore.ts';
import { warnOf } from './status.ts';
import { makeVaultDoors } from './vault-care.ts';
import { verifyOutside } from './verify-outside.ts';

/** Doors that open stations on this machine. */
export function makeDoors(version: string): Doors {
  return {
    open: async (file) => openUseCases(await readConfig(file)),
    init: (order) => initStation({ ...order, version }),
    restore: restoreStation,
    verifyOutside,
    doctor: examineInstallation,
    vaults: makeVaultDoors(),
    checkConfig: async (file) => {
      const config = await readConfig(file);
      await loadProfiles(config.cameras.profiles);
      return { file: config.file, station: config.station.name, warnings: await warnOf(config) };
    },
  };
}
