/** What is known of programs: every record is whole, says where it comes from, and is found under all its names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { programGroups, programNamed, words } from '../../../../src/inventory/lint/programs.ts';
import { parseText } from '../../../../src/inventory/template.ts';

const roles =
  'program command code script module load setting subcommand bundle destination write read data'.split(
    ' ',
  );
const list = (allowed: readonly string[]) =>
  z
    .string()
    .refine((text) => words(text).every((word) => allowed.includes(word.replace(/\*$/, ''))));
const names = z.string().regex(/^[A-Za-z0-9][\w.+*-]*(?: [A-Za-z0-9][\w.+*-]*)*$/);
const flagNames = z.string().regex(/^\S+(?: \S+)*$|^$/);
const source = z.union([
  z.string().regex(/^gtfobins:[a-z0-9._-]+$/),
  z.string().regex(/^man:[\w.+-]+\(\d\w*\)$/),
  z.string().regex(/^advisory:(?:CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3})$/),
  z.url({ protocol: /^https$/ }),
]);
const subcommand = {
  operands: list(roles).optional(),
  flags: z
    .partialRecord(z.enum([...roles, 'value'] as unknown as [string, ...string[]]), flagNames)
    .optional(),
  modes: z.record(z.string().regex(/^-/), list(roles)).optional(),
  runs: z.string().min(1).optional(),
  wants: flagNames.optional(),
};
const record = z.strictObject({
  ...subcommand,
  names,
  can: list(['exec', 'load', 'write', 'network']),
  why: z.string(),
  style: z.literal('words').optional(),
  ends: z.enum(['--end-of-options', 'none']).optional(),
  operandStops: z.literal(true).optional(),
  stops: flagNames.optional(),
  assigns: z.literal(true).optional(),
  subcommands: z.record(names, z.strictObject(subcommand)).optional(),
  forms: z
    .array(
      z.strictObject({
        sample: z.string().min(1).max(24),
        does: z.enum(['exec', 'load', 'write', 'network']),
        says: z.string().min(8),
        flags: flagNames.optional(),
        role: z.enum(roles as unknown as [string, ...string[]]).optional(),
      }),
    )
    .optional(),
  stdin: z.enum(['code', 'setting']).optional(),
  protect: z
    .array(
      z.strictObject({
        when: z.enum(['no-script', 'read-only']).optional(),
        variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()),
      }),
    )
    .optional(),
  safe: z.string().min(12),
  sources: z.array(source).min(1),
});

const all = Object.values(programGroups).flat();

test('every record is whole and names its sources', () => {
  for (const program of all) {
    const parsed = record.safeParse(program);
    assert.ok(parsed.success, `${program.names}: ${JSON.stringify(parsed.error?.issues)}`);
    const powers = words(program.can);
    if (powers.length > 0) assert.ok(program.why.length > 8, `${program.names} says why`);
    const used = JSON.stringify([
      program.operands,
      program.flags,
      program.subcommands,
      program.modes,
    ]);
    if (/"(?:code|program|script|module|command)[*" ]/.test(used))
      assert.ok(
        powers.includes('exec') || powers.includes('load'),
        `${program.names} can run something`,
      );
  }
});

test('well over 120 programs are known, and no name belongs to two records', () => {
  const owners = new Map<string, string>();
  for (const program of all) {
    for (const name of words(program.names)) {
      const other = owners.get(name);
      assert.ok(other === undefined, `${name} stands in "${other}" and in "${program.names}"`);
      owners.set(name, program.names);
    }
  }
  assert.ok(owners.size > 400, `${owners.size} names`);
  assert.ok(all.length > 150, `${all.length} records`);
});

test('in each group the records stand in the order of their names', () => {
  const easy = (text: string) => text.toLowerCase().split(' ', 1)[0]!;
  for (const [group, programs] of Object.entries(programGroups)) {
    const order = programs.map(({ names: n }) => easy(n));
    assert.deepEqual(order, [...order].sort(), group);
  }
});

test('no subcommand stands in two places of one record', () => {
  for (const program of all) {
    const subs = Object.keys(program.subcommands ?? {}).flatMap((key) => words(key));
    assert.equal(new Set(subs).size, subs.length, `${program.names}: ${subs.sort().join(' ')}`);
  }
});

test('what is called safe is a template that can be read', () => {
  for (const { safe, names: n } of all) {
    for (const [, text] of safe.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
      assert.ok(parseText(text!.replaceAll('\\"', '"')).ok, `${n}: ${text}`);
    }
  }
});

const spelled: readonly (readonly [string, string | null])[] = [
  ['python3.12', 'python'],
  ['/usr/bin/python3', 'python'],
  ['python3.11-dbg', 'python'],
  ['perl5.36.0', 'perl'],
  ['pip3', 'pip'],
  ['nodejs', 'node'],
  ['node22', 'node'],
  ['ruby3.1', 'ruby'],
  ['lua5.4', 'lua'],
  ['php8.2', 'php'],
  ['tclsh8.6', 'tclsh'],
  ['gcc-12', 'gcc'],
  ['clang-15', 'clang'],
  ['x86_64-linux-gnu-gcc-12', 'gcc'],
  ['aarch64-linux-gnu-ld', 'ld'],
  ['vim.basic', 'vim'],
  ['vim.tiny', 'vim'],
  ['nc.openbsd', 'nc'],
  ['nc.traditional', 'nc'],
  ['mawk', 'awk'],
  ['gsed', 'sed'],
  ['gtar', 'tar'],
  ['bsdtar', 'tar'],
  ['ld-linux-x86-64.so.2', 'ld.so'],
  ['ld-musl-x86_64.so.1', 'ld.so'],
  ['Python3', 'python'],
  ['bash5', 'bash'],
  ['openssl3', 'openssl'],
  ['sha256sum', 'sha256sum'],
  ['base64', 'base64'],
  ['7z', '7z'],
  ['migrate', null],
  ['deploy', null],
  ['my-report', null],
  ['', null],
  ['1', null],
];

test('a version, a flavour or a prefix in a name hides nothing', () => {
  for (const [name, expected] of spelled) {
    const found = programNamed(name)?.program.names.split(' ');
    if (expected === null) assert.equal(found, undefined, name);
    else assert.ok(found?.includes(expected), `${name}: ${found}`);
  }
});
