/**
 * A backup: everything of a state that has to be kept. In: a state, beside whatever gateway is at work on it, and an empty
 * folder. Out: copies, verified, and the manifest, written last. Must never: a log that is ahead of its database, which
 * nothing could go on with: the log is copied first, and the record only grows.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseVerifier } from '../../../audit/verify/note.ts';
import { verifierOfKeyFile } from '../../../audit/verify/own-key.ts';
import { readWhole } from '../../../audit/verify/source.ts';
import type { StateFiles } from '../wiring.ts';
import { checkCopy } from './check-copy.ts';
import { copyLog } from './copy-log.ts';
import { copyFile, filesBelow, hashFile, placeFile, syncFolders } from './files.ts';
import {
  filePath,
  formatManifest,
  type Manifest,
  type ManifestFile,
  manifestName,
  unfinishedName,
} from './manifest.ts';

export interface BackupRequest {
  readonly stateDir: string;
  /** There, claimed for this backup, and otherwise empty. */
  readonly folder: string;
  readonly withKey: boolean;
  readonly reeve: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Throws Error or ReeveError in words; then the folder has no manifest, and is none that could be restored. */
export async function takeBackup(
  { stateDir, folder, withKey, reeve, now }: BackupRequest,
  files: StateFiles,
): Promise<Manifest> {
  const copied: ManifestFile[] = [];
  const keyText = readWhole(join(stateDir, 'log.key'), 65_536);
  const key = keyText === null ? null : parseVerifier(verifierOfKeyFile(keyText.toString('utf8')));
  const log = key === null ? null : await copyLog(join(stateDir, 'log'), folder, key);
  copied.push(...(log?.files ?? []));
  if (withKey && keyText !== null)
    copied.push({ path: 'log.key', ...placeFile(join(folder, 'log.key'), keyText) });

  for (const path of filesBelow(stateDir, 'log-before'))
    if (filePath.test(path))
      copied.push({ path, ...copyFile(join(stateDir, path), join(folder, path)) });

  const database = join(folder, 'reeve.db');
  files.copyDatabase(join(stateDir, 'reeve.db'), database);
  const facts = files.examineDatabase(database);
  copied.push({ path: 'reeve.db', ...hashFile(database) });
  const manifest: Omit<Manifest, 'format'> = {
    reeve,
    schema: facts.schema,
    takenAt: new Date(now).toISOString(),
    stateId: facts.stateId,
    entries: facts.entries,
    log:
      log === null || key === null
        ? null
        : {
            key: key.text,
            size: log.checkpoint.size,
            root: log.checkpoint.root.toString('base64'),
          },
    files: copied,
  };
  await checkCopy(folder, manifest, files);
  rmSync(join(folder, unfinishedName));
  placeFile(join(folder, manifestName), Buffer.from(formatManifest(manifest)));
  syncFolders(folder);
  return { format: 'reeve/backup@1', ...manifest };
}
