/** Stands in for `loco new`, which asks a registry: lays out the sources of the example under the name that is asked for. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { layOutShop } from '../stages/shop.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', short: 'n' },
    db: { type: 'string' },
    bg: { type: 'string' },
    assets: { type: 'string' },
  },
});
if (positionals.join(' ') !== 'new' || values.name !== 'shop')
  throw new Error('only "loco new -n shop …" is known here');
layOutShop(resolve('shop'));
