/** The form of what an environment may change of a command (time, limits, approvals, variables), as Zod schemas. No meaning here, only form. */
import { z } from 'zod';
import { duration, roleName as role, size, variables } from './fields.ts';

export const timeoutSchema = z
  .union(
    [
      duration,
      z.strictObject({
        min: duration.optional().describe('The least that a request may ask for: min: 10s.'),
        default: duration.describe('What holds where a request asks for none: default: 60s.'),
        max: duration.describe('The most that a request may ask for; more is refused: max: 300s.'),
      }),
    ],
    {
      error:
        'must be a duration such as 60s, or { default: 60s, max: 300s }, with min: 10s if wanted',
    },
  )
  .describe(
    'How long it may run; with min a caller may not ask for less: timeout: 60s, or timeout: { default: 60s, max: 300s }.',
  );

export const stageSchema = z.union(
  [
    role,
    z.strictObject({
      role: role.describe('Who answers: role: security_officer.'),
      count: z
        .int()
        .min(1)
        .max(20)
        .optional()
        .describe('How many different people: count: 2. Default 1.'),
      independent: z
        .boolean()
        .optional()
        .describe(
          'false lets the person behind the agent answer: independent: false. Default: true, in development false.',
        ),
    }),
  ],
  { error: 'must be a role, or { role, count, independent }' },
);
export const approvals = z
  .array(stageSchema)
  .max(16)
  .describe(
    'Who must agree, in order, or [] for nobody: approvals: [ops_lead, { role: security_officer, count: 2 }], or approvals: [].',
  );

export const limitsSchema = z
  .strictObject({
    cpu: z.number().gt(0).max(1024).optional().describe('Processors: cpu: 0.5. Default 1.'),
    cpuTime: duration
      .optional()
      .describe('Processor time: cpuTime: 60s. Default: the longest timeout.'),
    memory: size
      .optional()
      .describe('Memory of all its processes together: memory: 1GiB. Default 512MiB.'),
    processes: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('Processes and threads at once: processes: 64. Default 64.'),
    openFiles: z
      .int()
      .min(8)
      .max(1_000_000)
      .optional()
      .describe('Open files of each process: openFiles: 1024. Default 256.'),
    fileSize: size
      .optional()
      .describe('Largest file it may write: fileSize: 1GiB. Default 256MiB.'),
    workspaceGrowth: size
      .optional()
      .describe(
        'Disk space by which a run may make its workspace grow: workspaceGrowth: 2GiB. Default 1GiB.',
      ),
    workspaceFiles: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe(
        'Files and folders by which a run may make its workspace grow: workspaceFiles: 1000. Default 100000.',
      ),
    output: size
      .optional()
      .describe(
        'Bytes kept of each stream; what is beyond is cut in the middle: output: 4MiB. Default 1MiB.',
      ),
  })
  .describe(
    'What a run may use at most: limits: { cpu: 1, memory: 512MiB, processes: 64 }. Default: that of each.',
  );

export const overrideSchema = z
  .strictObject({
    timeout: timeoutSchema
      .optional()
      .describe('How long it may run there: timeout: 120s. Default: as the command says.'),
    limits: limitsSchema
      .optional()
      .describe(
        'What a run may use there, in place of what the command says: limits: { memory: 1GiB }. Default: as the command says.',
      ),
    approvals: approvals
      .optional()
      .describe(
        'Who must agree there, in place of what the command says: approvals: [ops_lead]. Default: as the command says.',
      ),
    variables: variables
      .optional()
      .describe(
        'Environment variables there, over those of the command: variables: { LOG_LEVEL: warn }. Default {}.',
      ),
  })
  .nullable();
