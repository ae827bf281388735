/**
 * Names that no runbook may have: what stands in the paths of REST where a runbook's name stands as well (`/v1/runbooks/runs`).
 * A pin holds them to the paths.
 */
export const reservedRunbooks: readonly string[] = ['runs'];
