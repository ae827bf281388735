/** `reeve version`. */
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context): Promise<number> {
  const { wiring, screen, options } = context;
  if (options.output === 'json')
    await screen.printJson({ version: wiring.version, node: process.versions.node });
  else await screen.print(`${wiring.version}\n`);
  return exitCodes.ok;
}
