/** The state that a run left, whole: files and databases. In: a copy in which nothing runs any more. Out: what is compared. */
import { snapshotDatabase } from './database.ts';
import type { State } from './evidence.ts';
import type { Variance } from './normalise.ts';
import { snapshotTree } from './tree.ts';

/** Databases that are read; a workspace with more is said not to be compared whole. */
const mostDatabases = 32;

export async function snapshotState(
  folder: string,
  scratch: string,
  ignore: readonly string[],
  variance: Variance,
): Promise<State> {
  const { entries, databases, problems } = await snapshotTree(folder, ignore, variance);
  const read = [];
  for (const path of databases.slice(0, mostDatabases))
    read.push(await snapshotDatabase(folder, path, scratch, variance));
  const tooMany =
    databases.length > mostDatabases
      ? [`the workspace holds ${databases.length} databases; ${mostDatabases} are compared`]
      : [];
  return { tree: entries, databases: read, problems: [...problems, ...tooMany] };
}
