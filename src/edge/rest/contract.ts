/** Every operation of REST, in the order of the document. */
import * as approvals from './contract-approvals.ts';
import * as assurance from './contract-assurance.ts';
import * as commands from './contract-commands.ts';
import * as credentials from './contract-credentials.ts';
import * as gateway from './contract-gateway.ts';
import * as log from './contract-log.ts';
import * as retention from './contract-retention.ts';
import * as runbooks from './contract-runbooks.ts';
import type { Operation } from './operation.ts';

export * from './contract-approvals.ts';
export * from './contract-assurance.ts';
export * from './contract-commands.ts';
export * from './contract-credentials.ts';
export * from './contract-gateway.ts';
export * from './contract-log.ts';
export * from './contract-retention.ts';
export * from './contract-runbooks.ts';

export const operations: readonly Operation[] = Object.freeze([
  commands.execute,
  commands.plan,
  commands.recordRefused,
  commands.listOpen,
  commands.getExecution,
  commands.getOutput,
  commands.watch,
  commands.getEntries,
  commands.explainExecution,
  commands.cancel,
  approvals.listApprovals,
  approvals.getApproval,
  approvals.challengeApproval,
  approvals.answerApproval,
  approvals.withdrawApproval,
  credentials.listTokens,
  credentials.createToken,
  credentials.revokeToken,
  credentials.listPeople,
  credentials.createEnrolmentCode,
  credentials.listPasskeys,
  credentials.revokePasskey,
  credentials.resourceMetadata,
  credentials.mcpResourceMetadata,
  retention.listDue,
  retention.prune,
  retention.listHolds,
  retention.placeHold,
  retention.releaseHold,
  retention.checkCommitments,
  assurance.assure,
  assurance.listAssurance,
  assurance.getAssurance,
  assurance.waiveAssurance,
  runbooks.listRunbooks,
  runbooks.getRunbook,
  runbooks.planRunbook,
  runbooks.rehearseRunbook,
  runbooks.startRunbook,
  runbooks.listRuns,
  runbooks.getRun,
  runbooks.watchRun,
  runbooks.getRunEntries,
  runbooks.drawRun,
  runbooks.pauseRun,
  runbooks.resumeRun,
  runbooks.cancelRun,
  runbooks.confirmStep,
  runbooks.retryStep,
  runbooks.skipStep,
  runbooks.resolveStep,
  runbooks.rollbackRun,
  gateway.audit,
  log.logKey,
  log.logCheckpoint,
  log.logTile,
  gateway.getEntry,
  gateway.inventory,
  gateway.freeze,
  gateway.unfreeze,
  gateway.reload,
  gateway.healthz,
  gateway.readyz,
  gateway.metrics,
  gateway.openapi,
]);
