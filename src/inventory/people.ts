/**
 * The people file. In: `people.yaml`. Out: who is who, frozen, or everything that is wrong, with file and line.
 * Never: one subject of an identity provider that is two people, an id that another kind of principal bears, a file that
 * a command could rewrite.
 */
import { z } from 'zod';
import type { Loaded } from '../core/diagnostic.ts';
import { deepFreeze } from '../core/json.ts';
import { nobodyKnown, type People, type Person } from '../core/people.ts';
import { isPlainId, plainIdHelp, reservedIds } from '../core/principal-id.ts';
import type { Settings } from '../core/settings.ts';
import { type Findings, findingsFor, inOrder, soundFields } from './diagnose.ts';
import { line, roleName } from './fields.ts';
import { placementMessage, placementRemedy, writableFrom } from './placement.ts';
import { issuer, subject } from './settings-identity.ts';
import { fileError, readSource } from './source.ts';
import { quote } from './words.ts';

const personSchema = z.strictObject({
  name: line.max(200).describe('What the person is called: name: Alice Example.'),
  email: z
    .string()
    .max(254)
    .regex(/^[^\s@\u0000-\u0020]+@[^\s@\u0000-\u0020]+$/, { error: 'is no mail address' })
    .optional()
    .describe('Where the person is reached: email: alice@example.org.'),
  roles: z
    .array(roleName)
    .max(64)
    .optional()
    .describe('Roles in policy and approvals: roles: [ops_lead]. Default [].'),
  subjects: z
    .array(
      z.strictObject({
        issuer: issuer.describe('The identity provider: issuer: https://id.example.org.'),
        subject: subject.describe(
          'What it calls the person (the claim sub): subject: 5f0c8a6e-9c58.',
        ),
      }),
    )
    .max(16)
    .optional()
    .describe(
      'How identity providers know the person: subjects: [{ issuer: "https://id.example.org", subject: 5f0c8a6e-9c58 }]. Default [].',
    ),
});

export const peopleSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format: version: 1.'),
  people: z
    .record(
      z.string().refine(isPlainId, { error: `is no id of a person: ${plainIdHelp}` }),
      personSchema,
    )
    .refine((all) => Object.keys(all).length <= 10_000, { error: 'must name at most 10000 people' })
    .describe('By the id of the principal: people: { alice: { name: Alice, roles: [ops_lead] } }.'),
});
type PeopleFile = z.infer<typeof peopleSchema>;

/** Loads and checks the people file; null is nobody. Reads one file. */
export function loadPeople(
  file: string | null,
  settings: Pick<Settings, 'environments'>,
): Loaded<People> {
  if (file === null) return { ok: true, value: nobodyKnown, warnings: [] };
  const where = writableFrom(file, Object.values(settings.environments));
  if (where !== null) {
    const message = placementMessage('the people file', file, where);
    const diagnostic = fileError(file, 'writable-by-commands', message, placementRemedy);
    return { ok: false, diagnostics: [diagnostic] };
  }
  const read = readSource(file);
  if (!read.ok) return read;
  const { source } = read;
  const findings = findingsFor(source);
  const written: Partial<PeopleFile> = soundFields(source, peopleSchema, findings);
  const persons = Object.entries(written.people ?? {}).map(([id, fields]) =>
    personFrom(id, fields),
  );
  checkLocal(persons, findings);
  checkReserved(persons, findings);
  checkSubjects(persons, findings);
  if (findings.all.some((d) => d.severity === 'error'))
    return { ok: false, diagnostics: inOrder(findings.all) };
  const people: People = Object.freeze({
    file: Object.freeze({ file, sha256: source.sha256 }),
    persons: new Map(persons.map((person) => [person.id, person])),
  });
  return { ok: true, value: people, warnings: inOrder(findings.all) };
}

function personFrom(id: string, fields: z.infer<typeof personSchema>): Person {
  return deepFreeze({
    id,
    name: fields.name,
    email: fields.email ?? null,
    roles: [...new Set(fields.roles ?? [])],
    subjects: fields.subjects ?? [],
  });
}

/** Whoever holds local.token is `local`, an agent too: nobody signs in as it. */
function checkLocal(persons: readonly Person[], findings: Findings): void {
  const local = persons.find(({ id }) => id === 'local');
  if (local === undefined || local.subjects.length === 0) return;
  findings.error(
    ['people', 'local', 'subjects'],
    'reserved-id',
    'local is the user of this host, not somebody whom an identity provider knows',
    'Leave subjects out: this entry gives the local user roles. Give the person an entry of their own.',
  );
}

function checkReserved(persons: readonly Person[], findings: Findings): void {
  for (const { id } of persons) {
    if (id === 'local' || !reservedIds.includes(id)) continue;
    const message = `${quote(id)} is the name of something else in Reeve`;
    findings.error(['people', id], 'reserved-id', message, 'Choose another id.', 'key');
  }
}

function checkSubjects(persons: readonly Person[], findings: Findings): void {
  const seen = new Map<string, string>();
  for (const { id, subjects } of persons) {
    subjects.forEach((known, index) => {
      const key = JSON.stringify([known.issuer, known.subject]);
      const other = seen.get(key);
      if (other === undefined) {
        seen.set(key, id);
        return;
      }
      findings.error(
        ['people', id, 'subjects', index],
        'duplicate-subject',
        `${quote(known.subject)} of ${quote(known.issuer)} is ${other === id ? 'named twice' : `${quote(other)} already`}`,
        'One subject of a provider is one person: keep it at one of them.',
      );
    });
  }
}
