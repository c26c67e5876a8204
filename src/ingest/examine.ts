// Looks inside an item that is on record and records what was found. Unreadable media is still evidence: kept, and flagged.
// Never delays custody: it runs after the commit point, and its failure is a fact about the file, not about the road.
import type { Listing } from '../acquire/index.ts';
import { formatInstant, isFailure, type MediaFacts, type RecordedItem } from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import type { IngestPorts } from './ports.ts';

/** Records what a look inside found, once per item; returns the facts for the receipt's gaps. */
export async function examineItem(
  ports: IngestPorts,
  listing: Listing,
  recorded: RecordedItem,
): Promise<MediaFacts | undefined> {
  const known = ports.catalog.item(recorded.item)?.examined;
  if (known !== undefined) return known.entry.facts;
  if (ports.media === undefined) return undefined;
  const { item, manifest, spoolPath: path } = recorded;
  try {
    const found = await ports.media.examine({ path, kind: manifest.kind, name: manifest.source.path.text });
    if (found === undefined) return undefined; // nothing is looked for in this kind
    const { readable, facts, problem, tool } = found;
    const at = formatInstant(ports.clock.now());
    ports.recorder.record([
      { v: 1, kind: 'item.examined', at, actor: listing.actor, item, readable, facts, problem, tool },
    ]);
    if (ports.rules.pictures && (readable || facts?.video !== undefined)) await picture(ports, recorded, facts);
    return facts;
  } catch (error) {
    if (!isFailure(error, 'media-tool-missing') && !isFailure(error, 'cancelled')) throw error;
    ports.log.warn('media was not looked into', errorFacts(error));
    return undefined;
  }
}

async function picture(ports: IngestPorts, recorded: RecordedItem, facts: MediaFacts | undefined): Promise<void> {
  const { item, manifest, spoolPath: path } = recorded;
  const made = await ports.media?.makePictures({
    path,
    item,
    kind: manifest.kind,
    name: manifest.source.path.text,
    facts,
  });
  if (made?.problem !== undefined) ports.log.warn('no pictures of an item', { item, problem: made.problem });
}
