// Checks one item against the vault: manifest (digest, signature, agreement with its entry), payload (every byte, or its size), statement.
// Reports what is wrong as findings; throws only when the vault itself cannot be read at all.
import { createHash } from 'node:crypto';
import {
  type EntryOf,
  encodeCanonical,
  type Finding,
  finding,
  isFailure,
  MAX_MANIFEST_BYTES,
  type Manifest,
  openSealed,
  payloadKey,
  type Verifier,
} from '../evidence/index.ts';
import type { Vault } from '../vault/index.ts';

/** How thorough a check is: every byte, or everything but payload bytes. */
export type Depth = 'full' | 'quick';

/** Findings of one recorded item, and how many payload bytes were read. */
export async function checkItem(
  vault: Vault,
  verifier: Verifier,
  entry: EntryOf<'item.recorded'>,
  depth: Depth,
): Promise<{ readonly findings: Finding[]; readonly bytesRead: number }> {
  const findings = await checkManifest(vault, verifier, entry);
  const payload = depth === 'full' ? await readPayload(vault, entry) : await statPayload(vault, entry);
  return { findings: [...findings, ...payload.findings], bytesRead: payload.bytesRead };
}

async function checkManifest(vault: Vault, verifier: Verifier, entry: EntryOf<'item.recorded'>): Promise<Finding[]> {
  const { key, sha256 } = entry.manifest;
  try {
    const bytes = await vault.readSmall(key, MAX_MANIFEST_BYTES);
    if (bytes === undefined) return [finding('manifest-missing', key)];
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      return [finding('manifest-altered', key, `the ledger says sha256 ${sha256}, the vault holds other bytes`)];
    return compareManifest(openSealed(bytes, verifier, key), entry);
  } catch (error) {
    if (isFailure(error, 'signature-invalid')) return [finding('signature-invalid', key, error.message)];
    if (isFailure(error, 'invalid') || isFailure(error, 'too-large'))
      return [finding('manifest-altered', key, error.message)];
    if (isFailure(error)) return [finding('read-failed', key, error.message)];
    throw error;
  }
}

/** The entry repeats what the manifest says; a difference means one of them was made to lie before it was signed. */
function compareManifest(manifest: Manifest, entry: EntryOf<'item.recorded'>): Finding[] {
  const said = {
    item: manifest.item,
    acquisition: manifest.acquisition,
    kind: manifest.kind,
    payload: manifest.payload,
    path: manifest.source.path,
    camera: manifest.source.camera,
    case: manifest.case,
    time: manifest.time,
  };
  const recorded = {
    item: entry.item,
    acquisition: entry.acquisition,
    kind: entry.itemKind,
    payload: entry.payload,
    path: entry.path,
    camera: entry.camera,
    case: entry.case,
    time: entry.time,
  };
  if (encodeCanonical(said).equals(encodeCanonical(recorded))) return [];
  return [finding('manifest-altered', entry.manifest.key, 'the manifest and its ledger entry do not say the same')];
}

async function readPayload(
  vault: Vault,
  entry: EntryOf<'item.recorded'>,
): Promise<{ findings: Finding[]; bytesRead: number }> {
  const key = payloadKey(entry.payload.sha256);
  const where = `${key} (${entry.item})`;
  try {
    const found = await vault.digest(key);
    if (found === undefined) return { findings: [finding('payload-missing', where)], bytesRead: 0 };
    if (found.sha256 === entry.payload.sha256 && found.sizeBytes === entry.payload.sizeBytes)
      return { findings: await checkSealed(vault, key), bytesRead: found.sizeBytes };
    const what = `on record are ${entry.payload.sizeBytes} bytes with sha256 ${entry.payload.sha256}; the vault holds ${found.sizeBytes} bytes with ${found.sha256}`;
    return { findings: [finding('payload-altered', where, what)], bytesRead: found.sizeBytes };
  } catch (error) {
    if (isFailure(error)) return { findings: [finding('read-failed', where, error.message)], bytesRead: 0 };
    throw error;
  }
}

async function statPayload(
  vault: Vault,
  entry: EntryOf<'item.recorded'>,
): Promise<{ findings: Finding[]; bytesRead: number }> {
  const key = payloadKey(entry.payload.sha256);
  const where = `${key} (${entry.item})`;
  const found = await vault.stat(key);
  if (found === undefined) return { findings: [finding('payload-missing', where)], bytesRead: 0 };
  const findings =
    found.sizeBytes === entry.payload.sizeBytes
      ? []
      : [
          finding(
            'payload-altered',
            where,
            `on record are ${entry.payload.sizeBytes} bytes; the vault holds ${found.sizeBytes}`,
          ),
        ];
  if (!found.sealed) findings.push(finding('object-writable', key));
  return { findings, bytesRead: 0 };
}

async function checkSealed(vault: Vault, key: string): Promise<Finding[]> {
  const found = await vault.stat(key);
  return found?.sealed === false ? [finding('object-writable', key, 'its file may be written to: chmod a-w')] : [];
}
