// Entry point of the service: docketd --config FILE. Runs until SIGTERM or SIGINT; SIGHUP reads the configuration again.
// Exit codes as of every docket command.
// Everything it says is a JSON line on stderr, for journald; why it does not start is said in words.
import { on } from 'node:events';
import { parseArgs } from 'node:util';
import { EXIT, Failure, firstError, isFailure } from '../evidence/index.ts';
import { complain, errorFacts, openLog, readConfig } from '../platform/index.ts';
import { runService } from './service.ts';
import { softwareVersion } from './version.ts';

const USAGE = `docketd ${softwareVersion()}: the docket service
usage: docketd --config FILE   (or environment DOCKET_CONFIG)
`;

async function main(): Promise<number> {
  const asked = readArguments();
  if (asked === 'help') {
    process.stdout.write(USAGE);
    return EXIT.ok;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => stop.abort(new Failure('cancelled', 'docketd is stopping')));
  const hangups = on(process, 'SIGHUP'); // from here on they wait for their turn and end nothing
  const config = await readConfig(asked);
  await runService(config, openLog(config.log.level, 'docketd'), stop.signal, hangups);
  return Number(process.exitCode ?? EXIT.ok);
}

function readArguments(): string {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
    });
    if (values.help === true || values.version === true) return 'help';
    const file = values.config ?? process.env['DOCKET_CONFIG'];
    if (file !== undefined && file !== '') return file;
  } catch (cause) {
    throw new Failure(
      'invalid',
      `${cause instanceof Error ? cause.message.split('\n')[0] : 'unknown option'}; usage: docketd --config FILE`,
      { cause },
    );
  }
  throw new Failure('config-missing', 'no station is named');
}

try {
  process.exitCode = await main();
} catch (thrown) {
  const error = firstError(thrown);
  if (isFailure(error)) complain(`docketd: ${error.message}\n  ${error.next}\n`);
  else openLog('error', 'docketd').error('a defect in docketd', errorFacts(error));
  process.exitCode = isFailure(error) ? error.exit : EXIT.defect;
}
