/**
 * A case whose call the harness can make: as declared, and in the other ways in which it could come to run. In: a case and
 * a face. Out: a verdict. A declaration that Reeve refuses to load is not the end of it: the sandbox is to hold anyway.
 */
import { existsSync } from 'node:fs';
import type { Case } from './corpus.ts';
import { clausesOf } from './must.ts';
import { rehearse, type Tried } from './rehearse.ts';
import type { FaceName } from './reply.ts';
import type { Variant } from './translate.ts';
import { type Verdict, verdict } from './verdict.ts';

export async function attempt(test: Case, face: FaceName): Promise<Verdict> {
  const declared = await rehearse(test, face, 'declared');
  if (declared.kind === 'refused') return refusedAtLoad(test, face, declared);
  const first = declared.verdict;
  const second = await inAnotherShell(test, face, first);
  if (second !== null) return second;
  const holdsAnyway = test.expected.must.some((m) => /sandbox|mount namespace/.test(m));
  if (first.verdict !== 'pass' || !first.allRefused || !holdsAnyway) return first;
  const anyway = await runAnyway(test, face, []);
  return anyway === null ? first : joined(test, first, anyway);
}

/**
 * `/bin/sh` is another shell on every host. What this one does not understand has attacked nobody, so the same text is
 * given to bash; where the first had any effect, its verdict stands.
 */
async function inAnotherShell(test: Case, face: FaceName, first: Verdict): Promise<Verdict | null> {
  const misread =
    /Syntax error|[Bb]ad function name|Bad substitution|Directory nonexistent|\[\[: not/;
  if (!misread.test(first.complaint ?? '') || !existsSync('/bin/bash')) return null;
  if (first.verdict === 'fail' && !first.reasons.every((reason) => reason.startsWith('must "'))) {
    return null;
  }
  const other = await rehearse(test, face, 'other-shell');
  if (other.kind === 'refused') return null;
  return {
    ...other.verdict,
    notes: [
      `this host's sh does not understand it (${first.complaint?.trim().slice(0, 80)}): given to bash`,
      ...other.verdict.notes,
    ],
  };
}

async function refusedAtLoad(
  test: Case,
  face: FaceName,
  declared: Extract<Tried, { kind: 'refused' }>,
): Promise<Verdict> {
  const { errors } = declared;
  const said = errors.map((d) => `${d.rule}: ${d.message}`).join('; ');
  const control = await rehearse(test, face, 'harmless');
  if (control.kind === 'refused') {
    return verdict(test, face, 'not-expressible', [
      `its declaration is refused for its form, with a harmless program too (${said})`,
    ]);
  }
  if (['accept', 'literal', 'pending'].includes(test.expected.outcome)) {
    return verdict(test, face, 'fail', [`the declaration is refused: ${said}`]);
  }
  const rules = [...new Set(errors.map((d) => d.rule))];
  const refused: Verdict = {
    ...verdict(test, face, 'pass', []),
    refusedAtLoad: errors,
    notes: [`refused at load: ${said}`],
    ending: `refused at load (${rules.join(', ')})`,
  };
  const anyway = await runAnyway(test, face, rules);
  if (anyway !== null) return joined(test, refused, anyway);
  return { ...refused, notes: [...refused.notes, 'in no form could it be made to run'] };
}

/**
 * The ways in which an operator might have it all the same: the finding accepted in so many words (where Reeve has a form
 * for that); the arguments as constants; those of a program whose name says nothing. Null where none of them runs.
 */
async function runAnyway(
  test: Case,
  face: FaceName,
  rules: readonly string[],
): Promise<Verdict | null> {
  const { expected } = test;
  // It is meant to run now; what it must not do stays, and of what it must show, what the sandbox is to hold.
  const relaxed: Case =
    expected.outcome === 'terminate'
      ? test
      : {
          ...test,
          expected: {
            ...expected,
            outcome: 'contain',
            must: expected.must
              .flatMap(clausesOf)
              .filter((clause) => /sandbox|workspace|mount namespace/.test(clause)),
          },
        };
  const ways: readonly (readonly [Variant, string])[] = [
    ['waived', 'with the finding accepted by the operator'],
    ['fixed', 'with its arguments as constants of the declaration'],
    ['renamed', 'with its arguments as constants and under another name'],
  ];
  for (const [variant, how] of ways) {
    if (variant === 'waived' && rules.length === 0) continue;
    const tried = await rehearse(relaxed, face, variant, rules);
    if (tried.kind === 'refused' || tried.verdict.allRefused) continue;
    if (tried.verdict.verdict === 'not-expressible') continue;
    return {
      ...tried.verdict,
      notes: [`run anyway, ${how}: ${tried.verdict.ending ?? ''}`, ...tried.verdict.notes],
    };
  }
  return null;
}

function joined(test: Case, first: Verdict, anyway: Verdict): Verdict {
  return {
    ...first,
    outcome: test.expected.outcome,
    verdict: anyway.verdict,
    reasons: [...new Set(anyway.reasons.map((reason) => `run anyway: ${reason}`))],
    unchecked: [...new Set([...first.unchecked, ...anyway.unchecked])],
    notes: [...new Set([...first.notes, ...anyway.notes])],
  };
}
