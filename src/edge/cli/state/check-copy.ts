/**
 * Whether a backup is whole. In: its folder and what its manifest says. Out: nothing, or an Error in words. Never: a look at
 * less than all of it: every byte by its hash, the database by its own check, the log against the database and its key.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLog } from '../../../audit/verify/log.ts';
import { parseVerifier } from '../../../audit/verify/note.ts';
import { folderSource } from '../../../audit/verify/source.ts';
import { entryKinds, entryVersion } from '../../../core/entry.ts';
import { visibleLine } from '../../../core/text.ts';
import type { StateFiles } from '../wiring.ts';
import { hashFile } from './files.ts';
import { type Manifest, manifestName } from './manifest.ts';

/** What lies beside the files of a backup could be read with them, such as a log of the database, and would not be copied. */
export function assertNothingElse(folder: string, { files }: Pick<Manifest, 'files'>): void {
  const named = new Set([manifestName, ...files.map(({ path }) => path)]);
  const look = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (path === 'lost+found') continue;
      if (entry.isDirectory()) look(path);
      else if (!named.has(path))
        throw new Error(`it holds ${visibleLine(path)}, which its manifest does not name`);
    }
  };
  look('');
}

export async function checkCopy(
  folder: string,
  manifest: Omit<Manifest, 'format'>,
  files: StateFiles,
): Promise<void> {
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = join(folder, path);
    if (!existsSync(file)) throw new Error(`${path} is missing`);
    const found = hashFile(file);
    if (found.bytes !== bytes || found.sha256 !== sha256)
      throw new Error(`${path} is not what the manifest says: it was changed, or cut`);
  }
  const { schema, stateId, entries } = files.examineDatabase(join(folder, 'reeve.db'));
  if (schema !== manifest.schema || stateId !== manifest.stateId || entries !== manifest.entries)
    throw new Error('reeve.db is another than the manifest describes');
  if (manifest.log === null) return;
  const record = files.openRecord(join(folder, 'reeve.db'));
  try {
    const report = await verifyLog({
      source: folderSource(join(folder, 'log')),
      key: parseVerifier(manifest.log.key),
      witnesses: [],
      outside: [],
      record: record === null ? null : record.after,
      knownKinds: entryKinds,
      knownVersion: entryVersion,
    });
    const [problem] = report.problems;
    if (problem !== undefined) {
      const where = problem.entry === null ? '' : `entry ${problem.entry}: `;
      throw new Error(`its log does not verify: ${where}${problem.what}`);
    }
    const { size, root } = manifest.log;
    if (report.checkpoint?.size !== size || report.checkpoint.root.toString('base64') !== root)
      throw new Error('its log is another than the manifest describes');
  } finally {
    record?.close();
  }
}
