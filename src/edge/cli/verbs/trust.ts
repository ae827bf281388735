/** `reeve trust`: this user lets a configuration found in the current folder be used, as it is at this moment. */
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { visibleLine } from '../../../core/text.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import {
  checkTrust,
  revokeTrust,
  type Standing,
  trust,
  trustedConfigurations,
} from '../trusted.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { show, revoke } = input.options;
  if (show === true && revoke === true) {
    throw usageFailure('--show and --revoke exclude each other.', null, 'use one of them');
  }
  if (show === true) return list(context);
  const file = resolve(input.operands[0] ?? 'reeve.yaml');
  if (revoke === true) return forget(context, file);
  if (!existsSync(file)) {
    throw usageFailure(
      `${file} does not exist.`,
      'There is nothing to trust.',
      'reeve init makes a configuration; reeve trust FILE names one elsewhere',
    );
  }
  return remember(context, realpathSync(file));
}

async function remember(context: Context, file: string): Promise<number> {
  const { screen, options, io } = context;
  const record = await trust(file, io.env, Date.now());
  if (options.output === 'json') await screen.printJson({ file, ...record });
  else {
    await screen.print(
      `Trusted ${visibleLine(file)} as it is now, with the ${record.files.length - 1} file(s) that it names or runs:\n`,
    );
    for (const f of record.files)
      await screen.print(`  ${screen.out.dim(f.sha256.slice(0, 12))}  ${visibleLine(f.file)}\n`);
    await screen.print('A change to any of them asks for reeve trust again.\n');
  }
  return exitCodes.ok;
}

async function forget(context: Context, file: string): Promise<number> {
  const { screen, options, io } = context;
  const known = existsSync(file) ? realpathSync(file) : file;
  const forgotten = revokeTrust(known, io.env);
  if (options.output === 'json') await screen.printJson({ file: known, revoked: forgotten });
  else
    await screen.print(
      forgotten
        ? `${visibleLine(known)} is trusted no longer.\n`
        : `${visibleLine(known)} was not trusted.\n`,
    );
  return exitCodes.ok;
}

async function list(context: Context): Promise<number> {
  const { screen, options, io } = context;
  const rows: { file: string; trustedAt: string; standing: Standing }[] = [];
  for (const [file, { trustedAt }] of trustedConfigurations(io.env)) {
    const standing: Standing = existsSync(file)
      ? await checkTrust(file, io.env)
      : { kind: 'changed', changes: [`${file} is gone`] };
    rows.push({ file, trustedAt, standing });
  }
  if (options.output === 'json')
    await screen.printJson(
      rows.map(({ standing, ...row }) => ({ ...row, ...withoutRecord(standing) })),
    );
  else if (rows.length === 0) await screen.say('No configuration is trusted.\n');
  else {
    for (const row of rows) {
      const { standing } = row;
      const state =
        standing.kind === 'trusted'
          ? screen.out.good('as trusted')
          : screen.out.warn('changed since');
      await screen.print(`${visibleLine(row.file)}  ${state}  ${screen.out.dim(row.trustedAt)}\n`);
      if (standing.kind === 'changed')
        for (const change of standing.changes) await screen.print(`  ${visibleLine(change)}\n`);
    }
  }
  return exitCodes.ok;
}

function withoutRecord(standing: Standing): {
  standing: string;
  changes: readonly string[];
} {
  return { standing: standing.kind, changes: standing.kind === 'changed' ? standing.changes : [] };
}
