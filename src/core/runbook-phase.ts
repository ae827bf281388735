/** What a step of a runbook is at. By itself, because executions say which phase they are of, and runs of runbooks speak of executions. */

/** `check:0` is the first check. Each is one execution of the gateway. */
export type WorkPhase = `check:${number}` | 'run' | `verify:${number}` | 'rollback';
export type Phase = WorkPhase | 'confirm';
