// Gaps: what an archivist is told about breaks in a series, and what is left alone.
import { describe, expect, test } from 'vitest';
import { findGaps, type Segment } from '../../src/camera/index.ts';
import { type ItemKind, parseEpochMs } from '../../src/evidence/index.ts';

const MINUTE_MS = 60_000;

function segment(
  name: string,
  startMs: number,
  lengthMs: number,
  known = true,
  kind: ItemKind = 'footage',
  camera = 'A',
): Segment {
  return {
    path: { text: name },
    kind,
    modifiedAtMs: parseEpochMs(startMs + lengthMs),
    named: { camera, startedAtMs: parseEpochMs(startMs) },
    ...(known ? { durationMs: lengthMs } : {}),
  };
}

function numbered(name: string, series: string, counter: number, kind: ItemKind = 'footage'): Segment {
  return { path: { text: name }, kind, modifiedAtMs: parseEpochMs(0), named: { series, counter } };
}

describe('gaps in time', () => {
  test('finds none in segments that follow each other within a frame or FAT rounding', () => {
    expect(
      findGaps([
        segment('1', 0, 5 * MINUTE_MS),
        segment('2', 5 * MINUTE_MS + 40, 5 * MINUTE_MS),
        segment('3', 10 * MINUTE_MS + 2000, 1000),
      ]),
    ).toEqual([]);
  });

  test('finds the half minute that is missing inside a recording, in whatever order the files come', () => {
    const files = [segment('2', 5.5 * MINUTE_MS, 5 * MINUTE_MS), segment('1', 0, 5 * MINUTE_MS)];
    expect(findGaps(files)).toEqual([{ kind: 'time', after: '1', before: '2', missing: 30 }]);
  });

  test('uses the modification time where the length is not known, and nothing where that is not credible', () => {
    expect(
      findGaps([segment('1', 0, 5 * MINUTE_MS, false), segment('2', 6 * MINUTE_MS, MINUTE_MS, false)]),
    ).toMatchObject([{ missing: 60 }]);
    expect(
      findGaps([segment('1', 0, -8 * 60 * MINUTE_MS, false), segment('2', 6 * MINUTE_MS, MINUTE_MS, false)]),
    ).toEqual([]);
    expect(
      findGaps([segment('1', 0, 8 * 60 * MINUTE_MS, false), segment('2', 6 * MINUTE_MS, MINUTE_MS, false)]),
    ).toEqual([]);
  });

  test('takes a longer break for a camera that was switched off', () => {
    expect(findGaps([segment('1', 0, 7 * MINUTE_MS), segment('2', 47 * MINUTE_MS, 3 * MINUTE_MS)])).toEqual([]);
  });

  test('finds whole segments missing from the middle of a recording, however long they are', () => {
    const at = [0, 1, 2, 4, 5].map((k) => segment(String(k), k * 15 * MINUTE_MS, 15 * MINUTE_MS));
    expect(findGaps(at)).toEqual([{ kind: 'time', after: '2', before: '4', missing: 900 }]);
  });

  test('keeps cameras and kinds apart, and looks at recordings only', () => {
    expect(
      findGaps([segment('1', 0, MINUTE_MS), segment('2', 3 * MINUTE_MS, MINUTE_MS, true, 'footage', 'B')]),
    ).toEqual([]);
    expect(findGaps([segment('1', 0, MINUTE_MS), segment('2', 3 * MINUTE_MS, MINUTE_MS, true, 'audio')])).toEqual([]);
    expect(
      findGaps([segment('1', 0, MINUTE_MS, true, 'photo'), segment('2', 3 * MINUTE_MS, MINUTE_MS, true, 'photo')]),
    ).toEqual([]);
  });

  test('finds none between overlapping segments', () => {
    expect(
      findGaps([
        segment('long', 0, 10 * MINUTE_MS),
        segment('short', MINUTE_MS, MINUTE_MS),
        segment('next', 10 * MINUTE_MS, MINUTE_MS),
      ]),
    ).toEqual([]);
  });
});

describe('gaps in counters', () => {
  test('finds missing numbers of a series, over all kinds but sidecars', () => {
    const files = [
      numbered('1', 'MOVI', 1),
      numbered('5', 'MOVI', 5),
      numbered('3', 'MOVI', 3, 'photo'),
      numbered('4', 'MOVI', 4, 'sidecar'),
      numbered('x', 'DSC_', 9),
    ];
    expect(findGaps(files)).toEqual([
      { kind: 'counter', after: '1', before: '3', missing: 1 },
      { kind: 'counter', after: '3', before: '5', missing: 1 },
    ]);
  });

  test('finds the missing chapter of a recording', () => {
    expect(findGaps([numbered('GX010123.MP4', '0123', 1), numbered('GX030123.MP4', '0123', 3)])).toMatchObject([
      { missing: 1 },
    ]);
  });

  test('takes a great jump for a counter that was set anew, and the same number twice for no gap', () => {
    expect(findGaps([numbered('1', 'M', 1), numbered('2', 'M', 9000), numbered('3', 'M', 9000)])).toEqual([]);
  });
});
