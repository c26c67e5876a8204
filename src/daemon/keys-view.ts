// docket keys show: every key of a station and what it is in force for, as the ledger head proves it.
// Never opens a private key.
import type { KeysView, KeyView } from '../cli/index.ts';
import { formatKeyLine, formatPublicPem, isFailure } from '../evidence/index.ts';
import { type KeyHistory, readHeadKeys } from '../ledger/index.ts';
import type { Config } from '../platform/index.ts';
import { placesOf } from './places.ts';

/** The keys of a station; the first one alone where its head cannot be read. */
export async function showKeys(config: Config): Promise<KeysView> {
  const { name, public_key: first } = config.station;
  const view = { station: name, keyLine: formatKeyLine(first), pem: formatPublicPem(first) };
  try {
    return { ...view, keys: viewsOf(await readHeadKeys(placesOf(config).head, first)) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { ...view, keys: null };
  }
}

function viewsOf({ first, handovers }: KeyHistory): KeyView[] {
  return [first, ...handovers.map(({ key }) => key)].map((key, at) => {
    const since = handovers[at - 1];
    const until = handovers[at];
    return {
      keyLine: formatKeyLine(key),
      pem: formatPublicPem(key),
      from: since === undefined ? 0 : since.index + 1,
      to: until?.index ?? null,
      replacedAt: until?.entry.at ?? null,
      reason: until?.entry.reason ?? null,
    };
  });
}
