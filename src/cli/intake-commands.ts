// docket dock, document, camera: what comes in, and from whom.
// Never reads a card itself.
import { type Command, InvalidArgumentError } from 'commander';
import { EXIT, OPEN_OUTCOMES } from '../evidence/index.ts';
import { type Answer, type CliPorts, type Common, common, type End, widthOf, withStation } from './answering.ts';
import { showCameras, showReceipt } from './show.ts';
import { harmless } from './text.ts';
import type { DockResult } from './use-cases.ts';

/** Adds the commands that take something in. */
export function addIntakeCommands(program: Command, ports: CliPorts, end: End): void {
  common(
    program
      .command('dock')
      .argument('<path>', 'folder or mount to take')
      .description('acquire a folder or mounted camera now, wait, print the receipt'),
  )
    .option('--camera <serial>', 'serial of the registered camera')
    .option('--case <number>', 'case the footage belongs to')
    .option('--clock-offset-ms <n>', 'camera clock minus station clock, as read from the camera', parseOffset)
    .action((path: string, options: Common & { camera?: string; case?: string; clockOffsetMs?: number }) =>
      withStation(ports, options, end, async (useCases, onWork) =>
        dockAnswer(
          await useCases.dock(
            {
              path,
              camera: options.camera,
              case: options.case,
              clockOffsetMs: options.clockOffsetMs,
              actor: ports.actor,
            },
            onWork,
            ports.signal,
          ),
          widthOf(ports),
        ),
      ),
    );
  const document = program.command('document').description('text records of a case');
  common(
    document
      .command('add')
      .argument('<file...>', 'PDF, DOCX, TXT or images')
      .description('take text records into a case'),
  )
    .requiredOption('--case <number>', 'case number')
    .requiredOption('--type <type>', 'type of document, for example 询问笔录 or decision')
    .action((files: string[], options: Common & { case: string; type: string }) =>
      withStation(ports, options, end, async (useCases, onWork) =>
        dockAnswer(
          await useCases.addDocuments(
            { files, case: options.case, type: options.type, actor: ports.actor },
            onWork,
            ports.signal,
          ),
          widthOf(ports),
        ),
      ),
    );
  addCameraCommands(program, ports, end);
}

function addCameraCommands(program: Command, ports: CliPorts, end: End): void {
  const camera = program.command('camera').description('the register of cameras');
  common(camera.command('add').argument('<serial>').description('register a camera, or change what is registered'))
    .option('--model <model>')
    .option('--profile <name>', 'camera profile')
    .option('--officer <name>')
    .option('--certificate <number>', 'enforcement certificate')
    .option('--unit <unit>')
    .action(
      (
        serial: string,
        options: Common & { model?: string; profile?: string; officer?: string; certificate?: string; unit?: string },
      ) =>
        withStation(ports, options, end, async (useCases) => {
          const { model, profile, officer, certificate, unit } = options;
          const view = await useCases.addCamera({
            serial,
            model,
            profile,
            officer,
            certificate,
            unit,
            actor: ports.actor,
          });
          return { json: view, text: showCameras([view], widthOf(ports)) };
        }),
    );
  common(camera.command('list').description('registered cameras')).action((options: Common) =>
    withStation(ports, options, end, async (useCases) => {
      const cameras = await useCases.listCameras();
      return {
        json: { cameras },
        text: showCameras(
          cameras.filter((each) => !each.removed),
          widthOf(ports),
        ),
      };
    }),
  );
  common(
    camera.command('remove').argument('<serial>').description('take a camera off the register; its footage stays'),
  ).action((serial: string, options: Common) =>
    withStation(ports, options, end, async (useCases) => {
      const view = await useCases.removeCamera({ serial, actor: ports.actor });
      return { json: view, text: `Camera ${harmless(serial)} is off the register; what it recorded stays.` };
    }),
  );
}

function dockAnswer(result: DockResult, columns: number | undefined): Answer {
  const open = result.files.filter((file) => OPEN_OUTCOMES.has(file.outcome) && file.outcome !== 'in-progress').length;
  return {
    json: result,
    text: showReceipt(result, columns),
    exit: open > 0 || !result.onRecord ? EXIT.incomplete : EXIT.ok,
  };
}

function parseOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isInteger(offset)) throw new InvalidArgumentError('expected whole milliseconds, for example -3600000.');
  return offset;
}
