// Rounds of recovery while the vault is away: what waits is reported each time, and opened once.
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Spool } from '../../src/acquire/index.ts';
import type { Station } from '../../src/daemon/station.ts';
import { dockFolder, recoverSpool } from '../../src/ingest/index.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';

/** The spool, counting what recovery looks at in it. */
function counting(spool: Spool): { readonly spool: Spool; readonly opened: string[]; readonly looks: string[] } {
  const [opened, looks]: [string[], string[]] = [[], []];
  return {
    opened,
    looks,
    spool: {
      ...spool,
      leftovers: async (leaveOut) => {
        const found = await spool.leftovers(leaveOut);
        opened.push(...found.map(({ folder }) => folder.acquisition));
        return found;
      },
      stageOf: (folder, n) => {
        looks.push(`${folder.acquisition} ${n}`);
        return spool.stageOf(folder, n);
      },
    },
  };
}

async function take({ ports }: Pick<Station, 'ports'>, path: string): Promise<string> {
  const { final, receipt } = await dockFolder(ports, { path, actor: ACTOR }, () => undefined, never());
  expect(final).toBe(false);
  return receipt.acquisition;
}

it('an outage of days opens each acquisition once, keeps what a crash left, and drains when the vault is back', async () => {
  const place = temporaryPlace();
  const config = await makeStation(join(place, 'station'));
  const at = (name: string): string => join(place, 'station', name);
  const files = { 'a.mp4': bytesOf(1, 3000), 'b.mp4': bytesOf(2, 2000) };
  {
    await using station = await openIt(config);
    const { opened, looks, spool } = counting(station.ports.spool);
    const ports = { ...station.ports, spool };
    renameSync(at('vault'), at('away'));
    const first = await take({ ports }, layOut(join(place, 'first'), files));
    const second = await take({ ports }, layOut(join(place, 'second'), { 'c.mp4': bytesOf(3, 1000) }));
    // As a crash leaves them: whole bytes without a manifest, and a part.
    rmSync(at(`state/spool/${first}/000001.json`));
    rmSync(at(`state/spool/${second}/000001.json`));
    rmSync(at(`state/spool/${second}/000001.bytes`));
    writeFileSync(at(`state/spool/${second}/000001.part`), bytesOf(3, 400));
    const seen = new Set<string>();
    const round = (): ReturnType<typeof recoverSpool> => recoverSpool(ports, { opened: seen });
    const reasons = async (): Promise<string[]> =>
      (await round()).waiting.map(({ acquisition, reason }) => `${acquisition} ${reason.code}`);
    const both = [first, second].map((each) => `${each} vault-unreachable`).toSorted();
    expect(await reasons()).toEqual(both);
    expect(opened.toSorted()).toEqual([first, second].toSorted());
    expect(readdirSync(at('state/spool/parts')).filter((name) => name.endsWith('.part'))).toHaveLength(1);
    const before = looks.length;
    for (let k = 0; k < 5; k += 1) expect(await reasons()).toEqual(both);
    const third = await take({ ports }, layOut(join(place, 'third'), { 'd.mp4': bytesOf(4, 500) }));
    expect(await reasons()).toHaveLength(3);
    expect([opened.slice(2), looks.slice(before).filter((each) => !each.startsWith(third))]).toEqual([[third], []]);
    renameSync(at('away'), at('vault'));
    const { waiting, finished } = await round();
    expect([waiting, finished.length]).toEqual([[], 3]);
    expect(seen.size).toBe(0);
  }
  const paths = (await entriesOf(config, 'item.recorded')).map(({ path }) => path.text);
  expect(paths.toSorted()).toEqual(['a.mp4', 'b.mp4', 'd.mp4']);
  expect((await verify(config)).findings).toEqual([]);
});
