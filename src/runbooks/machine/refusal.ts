/** Why what a person asked of a run cannot be, and what can. In: nothing. Out: words. */

export interface Refusal {
  readonly why: string;
  readonly remedy: string;
}

/** How often one step, or its rollback, may be tried: a run is no loop. */
export const mostAttempts = 50;

export function tooOften(name: string): Refusal {
  return {
    why: `The step ${name} was tried ${mostAttempts} times in this run.`,
    remedy: 'Start a new one once the cause is gone.',
  };
}
