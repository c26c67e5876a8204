// The server of the tests is itself tested: it goes when whoever started it is gone, and two may start at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { adminClient, makeBucket } from './buckets.ts';
import { startServer } from './server.ts';

it('two servers of their own start at once, and one that is killed comes back with what it held', async () => {
  const servers = await Promise.all([startServer(), startServer()]);
  await using one = servers[0];
  await using two = servers[1];
  const bucket = await makeBucket(one);
  await one.killGateway();
  await makeBucket(two);
  await one.startGateway();
  const client = adminClient(one);
  expect((await client.send(new HeadBucketCommand({ Bucket: bucket }))).$metadata.httpStatusCode).toBe(200);
  client.destroy();
});

it('a server goes with the process that started it, even when that is killed', async () => {
  const starter = `
    const { startServer } = await import(${JSON.stringify(import.meta.resolve('./server.ts'))});
    const { gatewayPid } = await startServer();
    console.log(await gatewayPid());
    setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const gateway = `/proc/${Number(line.toString())}`;
  expect(existsSync(gateway)).toBe(true);
  child.kill('SIGKILL');
  for (let tries = 0; tries < 200 && existsSync(gateway); tries += 1) await sleep(100);
  expect(existsSync(gateway)).toBe(false);
});
