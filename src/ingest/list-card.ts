// The first step of an acquisition: the card is listed and the listing made durable; from then on its officer may leave.
// Never waits for a place to be copied in, and keeps no listing for one that does: the spool has it.
import { type Docking, fileOf, type Listing, listCard, type SpoolFolder } from '../acquire/index.ts';
import type { Card } from '../camera/index.ts';
import { Failure } from '../evidence/index.ts';
import type { Meter } from './meter.ts';
import { listedOutcomes, type Outcomes, openFiles, staysOpen } from './outcomes.ts';
import type { IngestPorts } from './ports.ts';
import { listInTime } from './time-limit.ts';

/** Lists a card when it is its turn. Failures: 'camera-gone', 'cancelled', 'limit-exceeded', 'spool-full', 'disk-failed'. */
export async function listInTurn(
  ports: IngestPorts,
  docking: Docking,
  card: Card,
  meter: Meter,
  signal: AbortSignal,
): Promise<SpoolFolder> {
  return await ports.listings.run(async () => {
    meter.state('listing');
    const at = { startedAtMs: ports.clock.now(), boot: ports.boot };
    const listing = await listInTime(ports, signal, (inTime) => listCard(docking, card.list(inTime), at));
    const folder = await ports.spool.begin(listing);
    // Crash here: the listing stands, nothing was copied; recovery reports every file as interrupted.
    tell(listing, listedOutcomes(listing), meter);
    return folder;
  }, signal);
}

/** What the listing alone decides to leave on the camera is known before the first byte is copied. */
function tell(listing: Listing, outcomes: Outcomes, meter: Meter): void {
  meter.listed(
    listing.files.length,
    openFiles(listing, outcomes).reduce((sum, n) => sum + fileOf(listing, n).sizeBytes, 0),
    outcomes.size,
  );
  for (const [n, { outcome, reason }] of outcomes) {
    if (!staysOpen(outcome)) continue;
    meter.problem(new Failure('name-refused', `${fileOf(listing, n).path.text}: ${reason ?? outcome}`));
    return;
  }
}
