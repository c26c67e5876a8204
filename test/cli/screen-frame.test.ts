// The whole screen as officers see it in a terminal that has the characters: large words, whose camera it is, what to do, how far.
import { describe, it } from 'vitest';
import { BOTH, docksOf, EN, expectFrame, frameOf, LARGE, PROBLEM, SMALL, viewOf, ZH } from './screen-views.ts';

describe('a frame', () => {
  it('of one dock in English on 80 by 24 is in block letters', () => {
    expectFrame(
      frameOf(viewOf(docksOf(1)), SMALL, EN),
      `
       docket  ??-7                                               2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits


       A1   BC0017  DSJ-X9

      ######  ######  ######  ##  ##  ######  ##    ##  ########
      ######  ######  ######  ##  ##  ######  ##    ##  ########
      ##      ##  ##  ##  ##  ##  ##    ##    ####  ##  ##
      ##      ##  ##  ##  ##  ##  ##    ##    ####  ##  ##
      ##      ##  ##  ######    ##      ##    ##  ####  ##  ####
      ##      ##  ##  ######    ##      ##    ##  ####  ##  ####
      ##      ##  ##  ##        ##      ##    ##    ##  ##    ##
      ##      ##  ##  ##        ##      ##    ##    ##  ##    ##
      ######  ######  ##        ##    ######  ##    ##  ########
      ######  ######  ##        ##    ######  ##    ##  ########

      You may leave; camera stays
      #################---------------------- 45%  1.4 of 3.1 GiB  32 MiB/s  0:55 left



       No problems
      `,
    );
  });

  it('of three docks in Chinese on 80 by 24 is on plates with characters, in shorter words', () => {
    expectFrame(
      frameOf(viewOf(docksOf(3)), SMALL, ZH),
      `
       docket  浦东-7                                             2026-11-21 14:49:02
       存储正常 | 账本 1230/1234 | 无待存
       A1 正在采集  张伟  BC0017  DSJ-X9        A2 可以取走  欧阳建国  BC0022  DSJ-X9
                 ▄▄▄█▄       █  ▀▄                ▄▄▄▄▄▄▄▄▄              █
           ▀▀▀▀█▀          ▄█▀▀▀▀█▀▀▀▀▀             █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄
            ▀▄  █   █    ▄▀ █▀▀▀▀█▀▀▀▀              █▀▀▀█  █   █         █
             ▀  ▄  ▀        █▀▀▀▀█▀▀▀▀              █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀
          ▀▀▀▀▀███▀▀▀▀▀     █▀▀▀█▀▀▀▀▀▀             █   █   █ █      ▄   █
             ▄▀ █ ▀▄     ▀▀▀▀▀█▀█▀█▀▀▀▀▀          ▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀
           ▄▀   █   ▀▄     ▄▄▀  █  ▀▄▄             ▀    █   ▄▀▄     ▄▀▄  █
         ▀▀     █     ▀▀ ▀▀     █     ▀▀                █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀
      您可以离开，请勿取走记录仪  ###---- 45%  已全部采集，可以取走记录仪  ###### 100%
       A3 故障  013579  DSJ-X9
            █     █       ▄▄▄▄▄ ▄▄▄█▄▄▄
            █    ▄▀       █  ▄▀  ▀▄ ▄▀
         ▀▀▀█▀▀▀▄▀▀▀▀█▀▀  █ ▄▀ ▀▀▀▀▀▀▀▀▀
            █  ▀ █   █    █  █  █▀▀▀▀▀█
          █▀▀▀█  ▀▄ ▄▀    █   █ █▀▀▀▀▀█
          █   █   ▀▄▀     █▄ ▄▀ ▀▀▀█▀▀▀
          █▄▄▄█  ▄▀ ▀▄    █ ▀  ▀▀▀▀█▀▀▀▀
          ▀   ▀▄▀     ▀▄  █        █
      记录仪未登记，请联系管理员
       无故障
      `,
    );
  });

  it('of eight docks in both languages on 80 by 24 has a coloured row, whose it is, what to do, and how far', () => {
    expectFrame(
      frameOf(viewOf(docksOf(8), { problems: [PROBLEM] }), SMALL, BOTH),
      `
       docket  浦东-7                                             2026-11-21 14:49:02
       Vault ok 存储正常 | Ledger 账本 1230/1234 | Nothing waits 无待存
       A1  COPYING 正在采集                     A2  TAKE YOUR CAMERA 可以取走
      张伟  BC0017  DSJ-X9                     欧阳建国  BC0022  DSJ-X9
      You may leave; camera stays              Copied. Take your camera
      您可以离开，请勿取走记录仪               已全部采集，可以取走记录仪
      ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55  ######################### 100%  2.0 GiB
       A3  PROBLEM 故障                         A4  WAIT 请稍候
      013579  DSJ-X9                           Li Na  BC0031  DSJ-X9
      Not registered: call the archivist       Stay: it is being read
      记录仪未登记，请联系管理员               正在读取，请勿离开

       A5  PROBLEM 故障                         A6  COPYING 正在采集
      王芳  BC0032  DSJ-X9                     张伟  BC0017  DSJ-X9
      Taken out too early: dock it again       You may leave; camera stays
      过早取下，请重新放入                     您可以离开，请勿取走记录仪
      ########----------- 45%  1.4 of 3.1 GiB  ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55
       A7  TAKE YOUR CAMERA 可以取走            A8  PROBLEM 故障
      欧阳建国  BC0022  DSJ-X9                 013579  DSJ-X9
      Copied. Take your camera                 Not registered: call the archivist
      已全部采集，可以取走记录仪               记录仪未登记，请联系管理员
      ######################### 100%  2.0 GiB
       Last problem 最近故障 11-21 14:49: the camera at /run/docket/cameras/sdb1 was
       not taken: camera 013579 is not registered -> docket camera add 013579
      `,
    );
  });

  it('of twenty docks in English on 80 by 24 has two pages', () => {
    expectFrame(
      frameOf(viewOf(docksOf(20)), SMALL, EN, 1),
      `
       docket  ??-7                                    page 2/2   2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits
       A11  COPYING                             A12  TAKE YOUR CAMERA
      BC0017  DSJ-X9                           BC0022  DSJ-X9
      You may leave; camera stays              Copied. Take your camera
      ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55  ######################### 100%  2.0 GiB
       A13  PROBLEM                             A14  WAIT
      013579  DSJ-X9                           Li Na  BC0031  DSJ-X9
      Not registered: call the archivist       Stay: it is being read

       A15  PROBLEM                             A16  COPYING
      BC0032  DSJ-X9                           BC0017  DSJ-X9
      Taken out too early: dock it again       You may leave; camera stays
      ########----------- 45%  1.4 of 3.1 GiB  ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55
       A17  TAKE YOUR CAMERA                    A18  PROBLEM
      BC0022  DSJ-X9                           013579  DSJ-X9
      Copied. Take your camera                 Not registered: call the archivist
      ######################### 100%  2.0 GiB
       A19  WAIT                                A20  PROBLEM
      Li Na  BC0031  DSJ-X9                    BC0032  DSJ-X9
      Stay: it is being read                   Taken out too early: dock it again
                                               ########----------- 45%  1.4 of 3.1 GiB
       No problems
      `,
    );
  });

  it('of three docks in both languages on 200 by 50 has whole words, Chinese and English', () => {
    expectFrame(
      frameOf(viewOf(docksOf(3)), LARGE, BOTH),
      `
       docket  浦东-7                                                                                                                                                                     2026-11-21 14:49:02
       Vault ok 存储正常 | Ledger 账本 1230/1234 | Nothing waits 无待存

       A1 正在采集  张伟  BC0017  DSJ-X9

                              ▄▄▄▄▄▄▄▄▄▄▄▄▄        █                 ▄▄▄█▄       █  ▀▄
                                    █        ▄▄▄▄▄█▄▄▄▄▄▄▄▄▄   ▀▀▀▀█▀          ▄█▀▀▀▀█▀▀▀▀▀     █████████   █████████   █████████   ███   ███   █████████   ███      ███   ████████████
                                    █            █    ▄         ▀▄  █   █    ▄▀ █▀▀▀▀█▀▀▀▀      ███         ███   ███   ███   ███   ███   ███      ███      ██████   ███   ███
                                █   █▄▄▄▄▄     ▄█     █          ▀  ▄  ▀        █▀▀▀▀█▀▀▀▀      ███         ███   ███   █████████      ███         ███      ███   ██████   ███   ██████
                                █   █        ▄▀ █ ▀▀▀▀█▀▀▀▀   ▀▀▀▀▀███▀▀▀▀▀     █▀▀▀█▀▀▀▀▀▀     ███         ███   ███   ███            ███         ███      ███      ███   ███      ███
                                █   █           █     █          ▄▀ █ ▀▄     ▀▀▀▀▀█▀█▀█▀▀▀▀▀    █████████   █████████   ███            ███      █████████   ███      ███   ████████████
                                █   █           █     █        ▄▀   █   ▀▄     ▄▄▀  █  ▀▄▄
                             ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀    █▀▀▀▀▀▀▀▀▀▀▀ ▀▀     █     ▀▀ ▀▀     █     ▀▀

      You may leave; camera stays 您可以离开，请勿取走记录仪
      #######################################################################---------------------------------------------------------------------------------------- 45%  1.4 of 3.1 GiB  32 MiB/s  0:55 left


       A2 可以取走  欧阳建国  BC0022  DSJ-X9

                                                 ▄▄▄▄▄▄▄▄▄▄▄▄▄▄      ▄     █    ▄▄▄▄▄▄▄▄▄              █
                                                           █      █   ▀▄   █      █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄      █████████   █████████   ███      ███   █████████
                                                   █▀▀▀█   █      █    ▀   █      █▀▀▀█  █   █         █              ███      ███   ███   ███   ███      ███
                                                   █   █   █      █       ▄▀      █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀       ███      █████████   ██████         ██████
                                                   █   █   █      █       █       █   █   █ █      ▄   █              ███      ███   ███   ███   ███      ███
                                                   █▀▀▀█   █      █ ▄▀   █ ▄    ▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀         ███      ███   ███   ███      ███   █████████
                                                           █      █▀   ▄▀   ▀▄   ▀    █   ▄▀▄     ▄▀▄  █
                                                         ▀▄▀         ▄▀       █       █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀

      Copied. Take your camera 已全部采集，可以取走记录仪
      ########################################################################################################################################################################################## 100%  2.0 GiB


       A3 故障  013579  DSJ-X9

                                █     █       ▄▄▄▄▄ ▄▄▄█▄▄▄
                                █    ▄▀       █  ▄▀  ▀▄ ▄▀                                      █████████   █████████   █████████   ██████      ███         █████████   ███         ███
                             ▀▀▀█▀▀▀▄▀▀▀▀█▀▀  █ ▄▀ ▀▀▀▀▀▀▀▀▀                                    ███   ███   ███   ███   ███   ███   ███   ███   ███         ███         ██████   ██████
                                █  ▀ █   █    █  █  █▀▀▀▀▀█                                     █████████   ██████      ███   ███   ██████      ███         ██████      ███   ███   ███
                              █▀▀▀█  ▀▄ ▄▀    █   █ █▀▀▀▀▀█                                     ███         ███   ███   ███   ███   ███   ███   ███         ███         ███         ███
                              █   █   ▀▄▀     █▄ ▄▀ ▀▀▀█▀▀▀                                     ███         ███   ███   █████████   ██████      █████████   █████████   ███         ███
                              █▄▄▄█  ▄▀ ▀▄    █ ▀  ▀▀▀▀█▀▀▀▀
                              ▀   ▀▄▀     ▀▄  █        █

      Not registered: call the archivist 记录仪未登记，请联系管理员



       No problems 无故障
      `,
    );
  });

  it('without a camera invites one', () => {
    expectFrame(
      frameOf(viewOf([]), SMALL, BOTH),
      `
       docket  浦东-7                                             2026-11-21 14:49:02
       Vault ok 存储正常 | Ledger 账本 1230/1234 | Nothing waits 无待存

                                ▀▄     █ ▄       █     █   ▄
                              ▀▀▀▀▀▀▀  █  █     █   ▀▀▀█▀▀▄▀
                               ▄▄▄▄▄ ▄▄█▄▄▄▄▄ ▄█▄▄▀▄▄▄▄█▄█▄▄▄
                               █   █   █ █      ▄▀    ▄▀
                               █▄▄▄█   █ █    ▄█▄▄▄ ▄█▀▀▀▀█
                               ▄ █ ▄  █  █     ▀   ▀ █▄▄▄▄█
                              ▀  █  ▀▄▀  █  █ ▄▄▄▀▀  █    █
                               ▀▄▀  ▄▀    ▀▀▀  ▀     █▀▀▀▀█

                 █████████   █████████   █████████   ██████      ███   ███
                 ███   ███   ███         ███   ███   ███   ███   ███   ███
                 ██████      ██████      █████████   ███   ███      ███
                 ███   ███   ███         ███   ███   ███   ███      ███
                 ███   ███   █████████   ███   ███   ██████         ███


                                         READY 就绪
                           Dock your camera 请将记录仪放入采集座

       No problems 无故障
      `,
    );
  });

  it('without docketd says so, and what to do', () => {
    expectFrame(
      frameOf(undefined, SMALL, BOTH),
      `
       docket                                                     2026-11-21 14:49:02


        ▄▄▄▄▄ ▄▄▄▄▄▄       █                 █          ▄   ▄▄▄▄▄▄▄       █  ▄▄▄▄▄▄▄
        █   █ █    █     ▄█▀▀▀▀▀█▀      ▄▄▄▄▄█▄▄▄▄▄      █              ▄▀
        █▄▄▄█ █  ▀▄▀    ▀  ▀▄▄▀▀             █             ▄▄▄▄▄▄▄▄▄   ▀  █
        █   █ █▄▄▄▄▄    ▄▄▀▀▄ ▀▀▄▄    ▄▄▄▄▄▄▄█▄▄▄▄▄▄▄ ▀▀▀█    ▄▀        ▄█  ▀▀▀▀█▀▀▀▀
        █▄▄▄█ █ █  █  ▀▀ ▄▄▄█▄▄▄▄▄▀▀▀      ▄▀█▀▄         █  ▄▀   ▀▄   ▄▀ █      █
        █   █ █ █ █        ▄▀    █       ▄▀  █  ▀▄       █ ▀█▀▀▀▀▀▀█     █      █
       ▄▀   █ █ ▄▀▄       ▄▀     █    ▄▄▀    █    ▀▄▄   ▄▀▄              █      █
      ▄▀  ▀▄▀ █▀   ▀▄   ▄▀    ▀▄▀            █         ▀   ▀▀▀▀▀▀▀▀▀▀    █    ▀▄▀

       ██    ██  ██████        ██████  ██████  ██████  ██  ██  ██████  ██████  ██████
       ████  ██  ██  ██        ██      ██      ██  ██  ██  ██    ██    ██      ██
       ██  ████  ██  ██        ██████  ████    ████    ██  ██    ██    ██      ████
       ██    ██  ██  ██            ██  ██      ██  ██  ██  ██    ██    ██      ██
       ██    ██  ██████        ██████  ██████  ██  ██    ██    ██████  ██████  ██████


                                   NO SERVICE 服务未运行
                 Nothing is copied now. Call IT 目前不采集，请联系技术人员
                       docketd does not run: systemctl status docketd
      `,
    );
  });
});
