// What the store says of an object. A delete marker over it does not hide it, and a refusal without words is asked for its reason.
// Nothing here writes.
import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { isCheckpointKey } from './port.ts';
import { saysDeleteMarker, saysMissing, saysWithoutWords } from './s3-error.ts';
import type { S3Requests } from './s3-requests.ts';
import { listVersions, originalOf } from './s3-versions.ts';

/**
 * What the store says has the name of an object about to be put; undefined: nothing, or there is no bucket, which the put will tell. So a put
 * costs one question less than headObject would, and that one takes some stores 40 ms.
 */
export async function headBeforePut(
  requests: S3Requests,
  key: string,
  signal: AbortSignal | undefined,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await ask(requests, key, undefined, signal);
  } catch (error) {
    if (saysMissing(error) && !saysDeleteMarker(error)) return undefined;
    return await headObject(requests, key, undefined, signal);
  }
}

/** What the store says of the latest version; undefined when nothing has the name, or a delete marker hides it. Rejects with the SDK's error. */
export async function headLatest(requests: S3Requests, key: string): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await ask(requests, key, undefined, undefined);
  } catch (error) {
    if (saysMissing(error)) return undefined;
    throw error;
  }
}

/** Facts of an object (of the latest version, or of one), or undefined when nothing has that name. Rejects with the SDK's error. */
export async function headObject(
  requests: S3Requests,
  key: string,
  version: string | undefined,
  signal?: AbortSignal,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await ask(requests, key, version, signal);
  } catch (error) {
    const reason = saysWithoutWords(error) ? await reasonOf(requests, key, version, signal, error) : error;
    if (!saysMissing(reason)) throw reason;
    // A delete marker hides the object; its versions still stand below.
    const hidden = version === undefined && (saysDeleteMarker(error) || saysDeleteMarker(reason));
    const below = hidden ? await originalVersion(requests, key) : undefined;
    return below === undefined ? undefined : await ask(requests, key, below, signal);
  }
}

async function ask(
  requests: S3Requests,
  key: string,
  version: string | undefined,
  signal: AbortSignal | undefined,
): Promise<HeadObjectCommandOutput> {
  return await requests.patiently(
    () =>
      new HeadObjectCommand({
        ...requests.at(key),
        ChecksumMode: 'ENABLED',
        ...(version === undefined ? {} : { VersionId: version }),
        ...requests.customerKey(),
      }),
    { signal },
  );
}

/** The answer to HEAD has no body: no bucket and no object look alike, as do all refusals. The answer to GET says which; of the object it takes one byte. */
async function reasonOf(
  requests: S3Requests,
  key: string,
  version: string | undefined,
  signal: AbortSignal | undefined,
  wordless: unknown,
): Promise<unknown> {
  try {
    const { Body } = await requests.patiently(
      () =>
        new GetObjectCommand({
          ...requests.at(key),
          Range: 'bytes=0-0',
          ...(version === undefined ? {} : { VersionId: version }),
          ...requests.customerKey(),
        }),
      { signal },
    );
    (Body as { destroy?: () => void } | undefined)?.destroy?.(); // a store that takes no notice of the range would send all of it
    return wordless;
  } catch (error) {
    return error;
  }
}

/** Version id of the object under a write-once name, whatever was laid over it; of the checkpoint, which is replaced, the newest one. */
export async function originalVersion(requests: S3Requests, key: string): Promise<string | undefined> {
  for await (const { versions } of listVersions(requests, key, { exactly: true }))
    return (isCheckpointKey(key) ? versions.find((each) => !each.marker) : originalOf(versions))?.version;
  return undefined;
}
