// Finding evidence by what people type, in Chinese and English.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalog, openCatalog } from '../../src/catalog/index.ts';
import { parseCaseNumber, parseInstant } from '../../src/evidence/index.ts';
import { acquired, applyAll, created, examined, itemId, makeFolder, recorded } from './samples.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let catalog: Catalog;

const found = (text: string): number[] => catalog.find({ text }).items.map((item) => Number(item.entry.item.slice(-6)));

beforeAll(async () => {
  folder = await makeFolder();
  catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
  applyAll(
    catalog,
    created(),
    recorded({
      file: 1,
      case: '2026-LX-0003',
      path: 'DCIM/BC01_000123_20260131_080000_IMP.mp4',
      camera: { officer: { name: '王芳', certificate: '沪执000017' }, unit: '沪东分局治安支队' },
    }),
    recorded({
      file: 2,
      kind: 'document',
      case: '沪盗罚〔2026〕3号',
      path: '盗窃案/询问笔录.docx',
      documentType: '询问笔录',
      camera: { way: 'document', serial: undefined, folder: '/案卷', officer: { name: '李秀英' } },
    }),
    recorded({
      file: 3,
      path: 'DCIM/say "no" AND (NEAR) c^d:e *-f.mp4',
      camera: { serial: 'DSJ-0007', model: 'Axon Body 4' },
      captured: '2026-03-01T23:59:59.999Z',
    }),
    recorded({
      file: 4,
      path: 'FOTO/𠮷野家_ＡＢＣ１２３_ﾊﾟﾄﾛｰﾙ_순찰.jpg',
      kind: 'photo',
      captured: '1970-01-01T00:00:00.000Z',
    }),
    acquired(1),
    examined(1, 1, {
      container: 'mp4',
      durationMs: 60_000,
      video: { codec: 'h264', widthPx: 1, heightPx: 1 },
      location: '人民广场 +31.2304',
    }),
    examined(1, 2, { text: '当事人张三拒绝在笔录上签字。盗 窃', pages: 1 }),
  );
});
afterAll(async () => {
  await catalog.close();
  await folder[Symbol.asyncDispose]();
});

describe('a search', () => {
  it.each([
    ['盗窃', [2]], // two characters, which a trigram index silently never finds
    ['盗', [2]],
    ['窃盗', []],
    ['询问笔录', [2]],
    ['拒绝在笔录上签字', [2]],
    ['张三', [2]],
    ['人民广场', [1]],
    ['治安支队', [1]],
    ['王芳', [1]],
    ['沪执000017', [1]],
    ['𠮷野家', [4]],
    ['𠮷', [4]],
    ['パトロール', [4]],
    ['순찰', [4]],
    ['abc123', [4]],
    ['ＡＢＣ１２３', [4]],
    ['2026-LX-0003', [1]],
    ['2026-lx', [1]],
    ['LX-0003', [1]],
    ['0003', [1]],
    ['沪盗罚〔2026〕3号', [2]],
    ['沪盗罚[2026]3号', [2]],
    ['BC01_000123_20260131_080000_IMP.mp4', [1]],
    ['BC01_000123', [1]],
    ['20260131', [1]],
    ['imp', [1]],
    ['im', [1]],
    ['h264', [1]],
    ['Axon body', [3]],
    ['axo', [3]],
    ['DSJ-0007', [3]],
    ['张三 询问', [2]],
    ['张三 mp4', []],
    ['王芳 bc01 2026-LX-0003', [1]],
    ['王芳bc01', [1]],
    ['  盗窃　签字  ', [2]],
    ['案卷', [2]],
  ])('for %s finds %j', (text, files) => {
    expect(found(text)).toEqual(files);
  });

  it.each(['"', '*', '(', ')', '^', ':', '-', '"*', '§', '〔', '--', "'", '""', '\u0000', '😀'])(
    'takes %j as data: it holds no word, so it finds nothing',
    (text) => {
      expect(found(text)).toEqual([]);
    },
  );

  it.each([
    ['say "no"', [3]],
    ['"no', [3]],
    ['NEAR', [3]],
    ['NEAR(', [3]],
    ['say AND no', [3]],
    ['AND', [3]],
    ['OR', []],
    ['NOT', []],
    ['盗窃 OR 王芳', []],
    ['c^d', [3]],
    ['words:say', []],
    ['-say', [3]],
    ['sa*', [3]],
    ['*say', [3]],
    ['{say no}', [3]],
    ['§kfootage', []],
    ['kfootage', []],
    ['say\u0000no', [3]],
    ['\ud800盗窃', [2]],
  ])('reads no operator in %j', (text, files) => {
    expect(found(text)).toEqual(files);
  });

  it('keeps phrases within one field', () => {
    expect(found('芳沪')).toEqual([]); // the officer's name ends in 芳, the certificate begins with 沪
  });

  it('refuses a text that is too long instead of cutting it', () => {
    expect(() => catalog.find({ text: '盗'.repeat(201) })).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => catalog.find({ text: '盗'.repeat(65) })).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(found('盗'.repeat(64))).toEqual([]);
  });
});

describe('filters', () => {
  const numbers = (question: Parameters<Catalog['find']>[0]): number[] =>
    catalog.find(question).items.map((item) => Number(item.entry.item.slice(-6)));

  it('are exact and are joined with the text', () => {
    expect(numbers({ kind: 'document' })).toEqual([2]);
    expect(numbers({ case: parseCaseNumber('2026-LX-0003') })).toEqual([1]);
    expect(numbers({ case: parseCaseNumber('2026-LX') })).toEqual([]);
    expect(numbers({ camera: '000123' })).toEqual([4, 1]);
    expect(numbers({ camera: '/案卷' })).toEqual([2]);
    expect(numbers({ officer: '王芳' })).toEqual([1]);
    expect(numbers({ officer: '沪执000017' })).toEqual([1]);
    expect(numbers({ officer: '王' })).toEqual([]);
    expect(numbers({ text: '盗窃', kind: 'footage' })).toEqual([]);
    expect(numbers({ text: 'mp4', camera: 'DSJ-0007', kind: 'footage' })).toEqual([3]);
    expect(numbers({})).toEqual([4, 3, 2, 1]);
    expect(numbers({ text: '   ' })).toEqual([4, 3, 2, 1]);
  });

  it('take the first instant of a range and leave the last', () => {
    const at = parseInstant('2026-03-01T23:59:59.999Z');
    expect(numbers({ from: at })).toEqual([3]);
    expect(numbers({ to: at })).toEqual([4, 2, 1]);
    expect(
      numbers({ from: parseInstant('2026-01-31T00:00:00.000Z'), to: parseInstant('2026-02-01T00:00:00.000Z') }),
    ).toEqual([2, 1]);
    expect(numbers({ from: at, to: at })).toEqual([]);
    expect(numbers({ to: parseInstant('1970-01-01T00:00:00.001Z') })).toEqual([4]);
    expect(numbers({ to: parseInstant('1970-01-01T00:00:00.000Z') })).toEqual([]);
  });
});

describe('a new examination', () => {
  it('replaces the words of the old one', async () => {
    await using place = await makeFolder();
    await using other = await openCatalog({ path: `${place.path}/catalog.db`, mode: 'write' });
    const count = (text: string): number => other.find({ text }).items.length;
    applyAll(other, recorded({ file: 1, path: '现场.docx' }));
    applyAll(other, examined(1, 1, { text: '盗窃' }));
    expect([count('盗窃'), count('现场')]).toEqual([1, 1]);
    applyAll(other, examined(1, 1, { text: '诈骗' }));
    expect([count('盗窃'), count('诈骗'), count('现场'), count('现场 诈骗')]).toEqual([0, 1, 1, 1]);
    expect(other.documentText(itemId(1, 1))).toBe('诈骗');
    expect(other.find({ text: '现场' }).items[0]?.examined?.entry.facts?.text).toBeUndefined();
  });
});

describe('pages', () => {
  it('lead through everything once, newest first, while more is recorded', async () => {
    await using place = await makeFolder();
    await using other = await openCatalog({ path: `${place.path}/catalog.db`, mode: 'write' });
    applyAll(other, ...Array.from({ length: 25 }, (_, n) => recorded({ file: n + 1, path: `盗窃/${n}.mp4` })));
    for (const question of [{ text: '盗窃' }, {}, { kind: 'footage' as const }]) {
      const seen: number[] = [];
      for (let after: string | undefined; ; ) {
        const page = other.find({ ...question, limit: 7, after });
        seen.push(...page.items.map((item) => item.index));
        applyAll(other, recorded({ acquisition: other.appliedSize + 2, path: '盗窃/new.mp4' }));
        after = page.next;
        if (after === undefined) break;
      }
      expect(seen.filter((index) => index < 25)).toEqual(Array.from({ length: 25 }, (_, n) => 24 - n));
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  it('have bounds and refuse what is not a cursor of theirs', () => {
    for (const limit of [0, -1, 1.5, 1001, Number.NaN])
      expect(() => catalog.find({ limit })).toThrow(expect.objectContaining({ code: 'invalid' }));
    for (const after of ['', 'x', '1.2', '1 OR 1', '99999999999999999999'])
      expect(() => catalog.find({ after })).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(catalog.find({ limit: 4 }).next).toBeUndefined();
    expect(catalog.find({ limit: 3 }).next).toBeDefined();
  });
});
