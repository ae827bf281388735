/**
 * What a backup says of itself: FOLDER/manifest.json, written last. In: facts, or the text of one. Out: the other. Must
 * never: name a file that no backup has; whoever wrote the folder wrote the manifest, too.
 */
import { z } from 'zod';
import type { FileFacts } from './files.ts';

export const manifestName = 'manifest.json';
/** Lies in the folder of a backup while it is made, and claims it; one that was killed leaves it. */
export const unfinishedName = 'unfinished';
const form = 'reeve/backup@1';

const tile = String.raw`tile/(?:entries|\d{1,2})/(?:x\d{3}/){0,4}\d{3}(?:\.p/[1-9]\d{0,2})?`;
const log = String.raw`(?:checkpoint(?:\.witnessed)?|${tile})`;
export const filePath = new RegExp(
  String.raw`^(?:reeve\.db|log\.key|log/${log}|log-before/[\w-]{1,80}/(?:log\.key\.pub|${log}))$`,
);

const schema = z.strictObject({
  format: z.literal(form),
  reeve: z.string().max(100),
  schema: z.int().positive(),
  takenAt: z.iso.datetime(),
  stateId: z.string().max(200),
  entries: z.int().nonnegative(),
  /** Null where nothing had been signed yet. `key` is what the log is verified by. */
  log: z
    .strictObject({
      key: z.string().max(1_000),
      size: z.int().nonnegative(),
      root: z.string().max(100),
    })
    .nullable(),
  files: z
    .array(
      z.strictObject({
        path: z.string().regex(filePath, 'is no file of a backup'),
        bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(10_000_000),
});

export type Manifest = z.infer<typeof schema>;
export type ManifestFile = FileFacts & { readonly path: string };

export function formatManifest(manifest: Omit<Manifest, 'format'>): string {
  return `${JSON.stringify({ format: form, ...manifest }, null, 2)}\n`;
}

/** Throws Error in words. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${manifestName} is no JSON`);
  }
  const read = schema.safeParse(value);
  if (!read.success) {
    const [first] = read.error.issues;
    throw new Error(`${manifestName}: ${first?.path.join('.')}: ${first?.message}`);
  }
  const paths = read.data.files.map(({ path }) => path);
  if (new Set(paths).size !== paths.length) throw new Error(`${manifestName} names a file twice`);
  if (!paths.includes('reeve.db')) throw new Error(`${manifestName} names no reeve.db`);
  return read.data;
}

export function hasKey({ files }: Pick<Manifest, 'files'>): boolean {
  return files.some(({ path }) => path === 'log.key');
}
