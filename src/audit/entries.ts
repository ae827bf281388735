/** Everything that can be put on record, one function a kind. In: what happened. Out: drafts for the store. Pure. */
export * from './approval-entries.ts';
export * from './assurance-entries.ts';
export * from './call-entries.ts';
export * from './gateway-entries.ts';
export * from './retention-entries.ts';
export * from './runbook-entries.ts';
