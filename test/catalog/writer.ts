// A process that writes a catalog until it is told to stop: started by the tests that read meanwhile. Arguments: path and number of items.

import { catalogEntries } from '../../bench/catalog-data.ts';
import { catchUp, openCatalog } from '../../src/catalog/index.ts';

const [path = '', items = '0'] = process.argv.slice(2);
const catalog = await openCatalog({ path, mode: 'write' });
process.stdout.write('open\n');
await catchUp(catalog, function* () {
  let count = 0;
  for (const each of catalogEntries({ items: Number(items) })) {
    yield each;
    if (++count === 3_000) process.stdout.write('some\n');
  }
});
await catalog.close();
process.stdout.write('closed\n');
