/** The stages by name. In: the files of stages/. Out: each one's `stage`. Never: a file of that folder that is none. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './world.ts';

const folder = join(import.meta.dirname, 'stages');

export async function allStages(): Promise<ReadonlyMap<string, Stage>> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort();
  const stages = await Promise.all(
    names.map(async (name) => {
      const { stage } = (await import(join(folder, name))) as { stage?: Stage };
      if (stage === undefined) throw new Error(`test/docs/stages/${name} exports no stage`);
      return [name.slice(0, -'.ts'.length), stage] as const;
    }),
  );
  return new Map(stages);
}
