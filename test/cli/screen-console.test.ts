// The screen on Linux's own console, which has no Chinese characters: large words are drawn of dots, what is small is English.
import { describe, expect, it } from 'vitest';
import {
  CONSOLE_BOTH,
  CONSOLE_ZH,
  dockOf,
  docksOf,
  EN,
  every,
  expectFrame,
  frameOf,
  MONITOR,
  POOR,
  REFUSED,
  SMALL,
  viewOf,
} from './screen-views.ts';

const SPEECHES = [CONSOLE_ZH, CONSOLE_BOTH];

describe('a frame on the console', () => {
  it('of one dock in Chinese on the console of a monitor has the sentence in dots too, since the small words are English there', () => {
    expectFrame(
      frameOf(viewOf(docksOf(1)), MONITOR, CONSOLE_ZH),
      `
       docket  ??-7                                                                                       2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits
       A1 COPYING  BC0017  DSJ-X9

                                   ▄▄▄▄▄▄▄▄▄▄▄▄▄        █                 ▄▄▄█▄       █  ▀▄
                                         █        ▄▄▄▄▄█▄▄▄▄▄▄▄▄▄   ▀▀▀▀█▀          ▄█▀▀▀▀█▀▀▀▀▀
                                         █            █    ▄         ▀▄  █   █    ▄▀ █▀▀▀▀█▀▀▀▀
                                     █   █▄▄▄▄▄     ▄█     █          ▀  ▄  ▀        █▀▀▀▀█▀▀▀▀
                                     █   █        ▄▀ █ ▀▀▀▀█▀▀▀▀   ▀▀▀▀▀███▀▀▀▀▀     █▀▀▀█▀▀▀▀▀▀
                                     █   █           █     █          ▄▀ █ ▀▄     ▀▀▀▀▀█▀█▀█▀▀▀▀▀
                                     █   █           █     █        ▄▀   █   ▀▄     ▄▄▀  █  ▀▄▄
                                  ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀    █▀▀▀▀▀▀▀▀▀▀▀ ▀▀     █     ▀▀ ▀▀     █     ▀▀

          █  █         ▄▄▄▄▄▄▄▄▄▄▄▄▄▄      ▄     █          ▀▄         ▄▄▄▄▄▄▄▄▄▄▄▄▄
        ▄█  ▄▀▀▀▀▀▀█             █      █   ▀▄   █    ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀     █     █
      ▄▀ █▄▀ ▄ █ ▄▀      █▀▀▀█   █      █    ▀   █       █ ▀▄▄▄▀ █        █     █
         █  ▄▀ █  ▀▄     █   █   █      █       ▄▀       █▄█▄▄▄█▄█    ▄▄▄▄█▄▄▄▄▄█▄▄▄▄
         █ ▀ ▄ █   ▀     █   █   █      █       █      ▄▄▄▄▄▄█▄▄▄▄▄▄      █     █
         ▀  ▄ ▀          █▀▀▀█   █      █ ▄▀   █ ▄     █   ▄▀  ▄   █      █     █
       █ █   █   ▄ ▀▄            █      █▀   ▄▀   ▀▄   █  ▀█▀▀▀▀█  █     █      █           ▀▀██
      ▀  ▀▄▄▄▄▄▄▄█  ▀          ▀▄▀         ▄▀       █  █         ▀▄▀   ▄▀       █           ▄▄▀▀
       ▄       █          █           ▄▄▄▄▄▄▄▄▄              █          ▄               ▄▄▄▄▄▄▄▄▄▄        █   ▀▄  ▄
        █  ▀▀▀▀█▀▀▀▀     ▄█▄▄▄▄▄▄▄▄▄    █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄      █   ▀▀▀▀▀█              █       ▄▀ █  ▀  █
            ▀▀▀█▀▀▀     ▄▀  █  █   █    █▀▀▀█  █   █         █                    █      ▀▀▀▀▀▀▀▀█      ▄█  ▀▄   ▄▀
      ▀▀█  ▀▀▀▀▀▀▀▀▀▀ ▄▀   ▄▀  █   █    █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀ ▀▀▀█   ▄▄▄▄▄█   ▄▄▄▄▄▄▄▄▄▄▄█▄▄▄  ▄▀█   █   █
        █   █▀▀▀▀▀█       ▄▀  ▄▀   █    █   █   █ █      ▄   █           █   █    ▀     ▄    █    ▄   ▀  █    █ █
        █   █▀▀▀▀▀█     ▄▀   ▄▀    █  ▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀      █   █           ▀ ▄ █▀▄▄▀       █     █
        █▄▀ █▀▀▀▀▀█    ▀   ▄▀      █   ▀    █   ▄▀▄     ▄▀▄  █           █▄▀ █      █   ▄▄▀  █  ▀▄▄      █   ▄▀ ▀▄
        ▀   █   ▀▄▀      ▄▀     ▀▄▀         █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀    ▀    ▀▀▀▀▀▀▀ ▀▀   ▀▄▀     ▀▀    █ ▄▀     ▀▄▄
      You may leave; camera stays
      ###################################-------------------------------------------- 45%  1.4 of 3.1 GiB  32 MiB/s  0:55 left
       No problems
      `,
    );
  });

  it('of eight docks in Chinese on a poor console has one character for each state', () => {
    expectFrame(
      frameOf(viewOf(docksOf(8)), POOR, CONSOLE_ZH),
      `
       docket  ??-7                                               2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits
       A1  BC0017          A2  BC0022          A3  013579          A4  Li Na  BC0031
               ▄▄▄█▄       ▄▄▄▄▄▄▄▄▄            ▄▄▄▄▄ ▄▄▄█▄▄▄        █▄▄▄▄▄ █▄▄▄▄▄
         ▀▀▀▀█▀              █   █ ▀█▀▀▀█       █  ▄▀  ▀▄ ▄▀       ▄▀  ▀▄ ▄▀  ▀▄
          ▀▄  █   █          █▀▀▀█  █   █       █ ▄▀ ▀▀▀▀▀▀▀▀▀       ▄▄▄▄▄█▄▄▄▄▄
           ▀  ▄  ▀           █▄▄▄█  █   █       █  █  █▀▀▀▀▀█             █
        ▀▀▀▀▀███▀▀▀▀▀        █   █   █ █        █   █ █▀▀▀▀▀█      ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
           ▄▀ █ ▀▄         ▄▄█▄▄▀█▀▀ ▀▄▀        █▄ ▄▀ ▀▀▀█▀▀▀       ▄▄▄▄▄▄▄▄▄█▄▄▄
         ▄▀   █   ▀▄        ▀    █   ▄▀▄        █ ▀  ▀▀▀▀█▀▀▀▀         ▀▄    █
       ▀▀     █     ▀▀           █ ▄▀   ▀▄      █        █              ▀  ▀▄▀
      ####----- 45% 0:55  ############# 100%  Not registered: ..

       A5  BC0032          A6  BC0017          A7  BC0022          A8  013579
        ▄▄▄▄▄ ▄▄▄█▄▄▄              ▄▄▄█▄       ▄▄▄▄▄▄▄▄▄            ▄▄▄▄▄ ▄▄▄█▄▄▄
        █  ▄▀  ▀▄ ▄▀         ▀▀▀▀█▀              █   █ ▀█▀▀▀█       █  ▄▀  ▀▄ ▄▀
        █ ▄▀ ▀▀▀▀▀▀▀▀▀        ▀▄  █   █          █▀▀▀█  █   █       █ ▄▀ ▀▀▀▀▀▀▀▀▀
        █  █  █▀▀▀▀▀█          ▀  ▄  ▀           █▄▄▄█  █   █       █  █  █▀▀▀▀▀█
        █   █ █▀▀▀▀▀█       ▀▀▀▀▀███▀▀▀▀▀        █   █   █ █        █   █ █▀▀▀▀▀█
        █▄ ▄▀ ▀▀▀█▀▀▀          ▄▀ █ ▀▄         ▄▄█▄▄▀█▀▀ ▀▄▀        █▄ ▄▀ ▀▀▀█▀▀▀
        █ ▀  ▀▀▀▀█▀▀▀▀       ▄▀   █   ▀▄        ▀    █   ▄▀▄        █ ▀  ▀▀▀▀█▀▀▀▀
        █        █         ▀▀     █     ▀▀           █ ▄▀   ▀▄      █        █
      Taken out too ea..  ####----- 45% 0:55  ############# 100%  Not registered: ..
       No problems
      `,
    );
  });

  it('of any number of docks on the console has a large Chinese word for each, if need be on more pages', () => {
    // The upper edge of the character that stands in every form of that word, and in no sentence.
    const large = /\u2584{5} \u2584{3}\u2588\u2584{3}/g;
    const counts = [1, 2, 3, 4, 5, 6, 8, 9, 12, 16, 20, 24, 64];
    for (const [speech, size, count] of every(SPEECHES, [POOR, MONITOR], counts)) {
      const view = viewOf(Array.from({ length: count }, (_, k) => dockOf(`A${k + 1}`, REFUSED)));
      const pages = Number(/page 1\/(\d+)/.exec(frameOf(view, size, speech))?.[1] ?? 1);
      const frames = Array.from({ length: pages }, (_, turn) => frameOf(view, size, speech, turn));
      expect([size, count, frames.join('\n').match(large)?.length]).toEqual([size, count, count]);
    }
  });

  it('draws nothing but ASCII for a console that has no more, and names a camera where it cannot name its officer', () => {
    const frame = frameOf(viewOf(docksOf(5)), SMALL, EN);
    expect(frame).toMatch(/^[ -~\n]*$/);
    expect(frame).toContain('BC0017  DSJ-X9');
  });

  it('draws nothing but ASCII and half blocks for the console in Chinese', () => {
    for (const [speech, size, count] of every(SPEECHES, [POOR, MONITOR], [0, 1, 2, 3, 5, 8, 20]))
      expect(frameOf(viewOf(docksOf(count)), size, speech)).toMatch(/^[ -~\n\u2580\u2584\u2588]*$/);
  });
});
