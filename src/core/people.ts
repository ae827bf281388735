/** Who is who: the people file, checked and complete. Frozen values; nothing here reads a file. */

/** `iss` and `sub` of an identity provider. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

/** `id` is that of the principal; `roles` are added to those of a credential. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly subjects: readonly Subject[];
}

export interface People {
  /** The file, and the hexadecimal SHA-256 of its bytes; null where none is configured. */
  readonly file: { readonly file: string; readonly sha256: string } | null;
  readonly persons: ReadonlyMap<string, Person>;
}

export const nobodyKnown: People = Object.freeze({ file: null, persons: new Map() });

/** The person that an identity provider knows as this subject, or null. */
export function personOf(people: People, { issuer, subject }: Subject): Person | null {
  for (const person of people.persons.values()) {
    if (person.subjects.some((s) => s.issuer === issuer && s.subject === subject)) return person;
  }
  return null;
}
