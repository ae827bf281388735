/**
 * Approval stages that policies add. In: a policy as Cedar's JSON. Out: the stage that its annotations ask for, and the
 * policy as the engine gets it: lifted by the grant of its own stage. Never: a staged policy that its grant does not
 * lift, that another stage's grant lifts, or that allows anything.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { ApprovalStage } from '../core/command.ts';
import { canonicalJson } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';
import type { Cedar } from './cedar.ts';
import { namespace, runAction } from './schema.ts';

/** The most people that one stage may ask for: as in the inventory. */
const mostPeople = 20;
const roleForm = /^[a-z][a-z0-9_-]{0,62}$/;
const stageAnnotations: ReadonlySet<string> = new Set(['stage', 'count', 'independent']);
/** What a policy with @stage may carry besides. Anything else may be a slip of the pen that asks for fewer people. */
const otherAnnotations: ReadonlySet<string> = new Set(['id', 'description']);

export interface StageMistake {
  readonly message: string;
  readonly remedy: string;
}

export interface StageReading {
  /** Null where the policy adds none, and where there are mistakes. */
  readonly stage: ApprovalStage | null;
  readonly mistakes: readonly StageMistake[];
}

/** What the annotations of a policy ask for. Pure. */
export function readStage(policy: PolicyJson): StageReading {
  const annotations = new Map(Object.entries(policy.annotations ?? {}));
  if (!annotations.has('stage')) {
    const stray = [...annotations.keys()].filter((name) => stageAnnotations.has(name));
    return {
      stage: null,
      mistakes: stray.map((name) => ({
        message: `@${name} says something of an approval stage, and this policy adds none.`,
        remedy: `Add @stage("role") to it, or remove @${name}.`,
      })),
    };
  }
  // Cedar gives an annotation without a value as null.
  const role = annotations.get('stage') ?? '';
  const mistakes: StageMistake[] = [];
  const mistake = (message: string, remedy: string) => mistakes.push({ message, remedy });
  if (policy.effect !== 'forbid') {
    mistake(
      '@stage stands on a permit. Only a forbid can wait for approval: a permit that does not hold adds nothing.',
      'Permit it without @stage, and add a forbid with @stage for what needs approval.',
    );
  }
  if (!onRunsOnly(policy)) {
    mistake(
      'A policy with @stage holds for more than runs, and nothing else can wait for approval.',
      'Name runs in its scope: action in Reeve::Action::"run", or action == Reeve::Action::"run:<command>".',
    );
  }
  if ((annotations.get('id') ?? null) === null) {
    mistake(
      'A policy with @stage has no @id. Approvers and the record know the stage by it, and a number changes with the file.',
      'Give it one: @id("two-officers-in-production").',
    );
  }
  if (!roleForm.test(role)) {
    mistake(
      `@stage("${visibleLine(role).slice(0, 100)}") names no role.`,
      'Name the role of those who approve: @stage("security_officer"), in lower-case letters, digits, "-" and "_".',
    );
  }
  const count = annotations.has('count') ? (annotations.get('count') ?? '') : '1';
  if (!/^[1-9][0-9]?$/.test(count) || Number(count) > mostPeople) {
    mistake(
      `@count("${visibleLine(count).slice(0, 100)}") is no number of people.`,
      `Write how many different people have to approve, from 1 to ${mostPeople}: @count("2").`,
    );
  }
  const independent = annotations.has('independent')
    ? (annotations.get('independent') ?? '')
    : 'true';
  if (independent !== 'true' && independent !== 'false') {
    mistake(
      `@independent("${visibleLine(independent).slice(0, 100)}") is neither "true" nor "false".`,
      'Write @independent("false") to let the person behind the agent answer, or leave it out.',
    );
  }
  for (const name of annotations.keys()) {
    if (stageAnnotations.has(name) || otherAnnotations.has(name)) continue;
    mistake(
      `@${visibleLine(name).slice(0, 100)} means nothing on a policy with @stage, and may be a misspelling.`,
      'A stage is described by @stage, @count and @independent; words for people go into @description.',
    );
  }
  if (mistakes.length > 0) return { stage: null, mistakes };
  return {
    stage: Object.freeze({ role, count: Number(count), independent: independent === 'true' }),
    mistakes,
  };
}

/** True where the scope names actions, all of them runs. */
function onRunsOnly({ action }: PolicyJson): boolean {
  if (action.op === 'All') return false;
  const named = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : [];
  return (
    named.length > 0 &&
    named.every((entity) => {
      const { type, id } = '__entity' in entity ? entity.__entity : entity;
      return type === `${namespace}::Action` && (id === 'run' || id.startsWith(runAction('')));
    })
  );
}

/**
 * True where a policy could read what is granted. Reeve alone reads that, in the condition that it adds: otherwise a
 * policy that adds a stage could take another one away. An argument may be called `granted`.
 */
export function readsGranted(policy: PolicyJson): boolean {
  const visit = (value: unknown): boolean => {
    if (value === null || typeof value !== 'object') return false;
    for (const [name, inner] of Object.entries(value)) {
      if (name === '.' || name === 'has') {
        const { left, attr } = inner as { readonly left?: unknown; readonly attr?: unknown };
        const first = Array.isArray(attr) ? attr[0] : attr;
        if (first === 'granted' && JSON.stringify(left) !== theArguments) return true;
      }
      if (visit(inner)) return true;
    }
    return false;
  };
  return visit(policy.conditions);
}
const theArguments = JSON.stringify({ '.': { left: { Var: 'context' }, attr: 'arguments' } });

/**
 * The text of a staged policy with one condition more, behind its own: it does not hold once the host says that `name`,
 * which Cedar knows it by, is granted. Behind, so that a condition that fails while it is evaluated fails whatever is
 * granted. As text, because Cedar's JSON loses large numbers. Throws where Cedar does not read back just that.
 */
export function liftedByGrant(
  cedar: Cedar,
  text: string,
  policy: PolicyJson,
  name: string,
): string {
  const lifted = `${text.slice(0, -1)}\nunless { context.granted.contains("${name}") };`;
  const granted = { '.': { left: { Var: 'context' }, attr: 'granted' } };
  const body = { contains: { left: granted, right: { Value: name } } };
  const wanted = { ...policy, conditions: [...policy.conditions, { kind: 'unless', body }] };
  const read = cedar.policyToJson(lifted);
  if (
    !text.endsWith(';') ||
    read.type !== 'success' ||
    canonicalJson(read.json as never) !== canonicalJson(wanted as never)
  ) {
    throw new Error(
      `the condition that lifts its stage could not be added to "${visibleLine(text).slice(0, 100)}"`,
    );
  }
  return lifted;
}
