// docket vault check, init, policy: the stores of a station, for whoever sets them up.
// Never prints a secret; never changes a bucket that stands.
import { type Command, Option } from 'commander';
import { EXIT, Failure } from '../evidence/index.ts';
import { type CliPorts, type Common, common, configOf, type End, print } from './answering.ts';
import { harmless, pad, widthOf } from './text.ts';
import type { BucketView, PolicyRequest, VaultAddress, VaultsCheck, VaultsOf } from './use-cases.ts';

/** Options that name an S3 vault. */
export interface AddressOptions {
  readonly vault?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly mode?: VaultAddress['mode'];
  readonly credentialsFile?: string;
  readonly caFile?: string;
}

/** Options that name an S3 vault on the command line. */
export function addressed(command: Command, what = 's3://BUCKET or s3://BUCKET/PREFIX'): Command {
  return command
    .option('--vault <url>', what)
    .option('--endpoint <url>', 'the store: https://HOST[:PORT]; without it AWS')
    .option('--region <name>', 'region of the store (default: us-east-1)')
    .addOption(
      new Option('--mode <mode>', 'how objects are locked (default: compliance)').choices(['compliance', 'governance']),
    )
    .option('--credentials-file <file>', 'else from systemd, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
    .option('--ca-file <file>', 'authority that signed the store\u2019s certificate, where it is a private one');
}

/** The vault that the options name, if any. Throws Failure 'invalid' when options of a vault stand without one. */
export function addressOf(options: AddressOptions): VaultAddress | undefined {
  const { vault, endpoint, region, mode, credentialsFile, caFile } = options;
  if (vault !== undefined) return { vault, endpoint, region, mode, credentialsFile, caFile };
  if ([endpoint, region, mode, credentialsFile, caFile].some((each) => each !== undefined))
    throw new Failure('invalid', 'these options describe an S3 vault: name it too, with --vault s3://BUCKET');
  return undefined;
}

/** The vaults that a command is about: one that its options name, else those of the configuration. */
function vaultsOf(options: Common & AddressOptions, ports: CliPorts): VaultsOf {
  const address = addressOf(options);
  return address === undefined ? { config: configOf(options, ports) } : { address };
}

/** Adds the commands about vaults: of a station, or with --vault before there is one. */
export function addVaultCommands(program: Command, ports: CliPorts, end: End): void {
  const vault = program.command('vault').description('the stores of the station');
  const add = (name: string, description: string): Command =>
    addressed(common(vault.command(name).description(description)));
  add('check', 'try whether each vault keeps what it is given: versions, digests, locks, rights').action(
    async (options: Common & AddressOptions) => {
      const result = await ports.doors.vaults.check(vaultsOf(options, ports), ports.signal);
      print(ports, options, result, showCheck(result));
      end(result.ok ? EXIT.ok : EXIT.storage);
    },
  );
  add('init', 'make the bucket with versions and Object Lock; one that stands is looked at and not touched').action(
    async (options: Common & AddressOptions) => {
      const buckets = await ports.doors.vaults.init(vaultsOf(options, ports), ports.signal);
      print(ports, options, { buckets }, buckets.map(showBucket).join('\n'));
    },
  );
  add('policy', 'the least rights a station needs on its bucket, as an IAM policy')
    .option('--principal <arn>', 'as a bucket policy for this user (Ceph: arn:aws:iam:::user/NAME)')
    .option('--name <vault>', 'which vault, where the configuration names several')
    .option('--station <name>', 'whose rights, where there is no configuration yet')
    .action(async (options: Common & AddressOptions & Partial<PolicyRequest>) => {
      const { principal, name, station } = options;
      const policy = await ports.doors.vaults.policy(vaultsOf(options, ports), { principal, name, station });
      ports.out.write(`${asciiJson(policy)}\n`);
    });
}

/** JSON in ASCII: IAM takes no other characters in a policy, and a prefix may be Chinese. */
function asciiJson(value: object): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function showBucket({ where, made }: BucketView): string {
  return made
    ? `Made at ${harmless(where)}, with versions and Object Lock, without a default retention (docket locks each object itself).`
    : `Stands already at ${harmless(where)}, with versions and Object Lock; nothing was changed.`;
}

const STATE_WORDS = { ok: 'ok', warn: 'WARN', fail: 'FAIL' } as const;

/** The lines of a check; what to do stands below its line. */
export function showCheck({ vaults }: VaultsCheck): string {
  const all = vaults.flatMap(({ checks }) => checks);
  const wide = Math.max(...all.map(({ check }) => widthOf(check)), 0);
  const blocks = vaults.map(({ name, where, checks }) =>
    [
      `Vault ${name}: ${harmless(where)}`,
      ...checks.flatMap(({ check, state, what, next }) => [
        `  ${pad(STATE_WORDS[state], 4)}  ${pad(check, wide)}  ${harmless(what)}`,
        ...(next === undefined ? [] : [`  ${' '.repeat(4)}  ${' '.repeat(wide)}  -> ${harmless(next)}`]),
      ]),
    ].join('\n'),
  );
  return [...blocks, verdict(all)].join('\n\n');
}

function verdict(checks: readonly { readonly state: string }[]): string {
  const count = (state: string): number => checks.filter((each) => each.state === state).length;
  const [fails, warnings] = [count('fail'), count('warn')];
  const remarks = warnings === 0 ? '' : ` ${warnings} warning${warnings === 1 ? '' : 's'}.`;
  if (fails > 0) return `NOT fit to hold evidence: ${fails} check${fails === 1 ? '' : 's'} failed.${remarks}`;
  return `Fit to hold evidence.${remarks}`;
}
