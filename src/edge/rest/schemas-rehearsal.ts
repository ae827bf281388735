/** The report of a drill of a runbook, as REST gives it. */
import { z } from 'zod';
import { executionStatuses } from '../../core/execution.ts';
import { stepStatuses } from '../../core/runbook.ts';
import { count, nullableText, text } from './schemas.ts';
import { runStatus } from './schemas-runbooks.ts';

export const rehearsalReport = z
  .object({
    id: text.describe('Stands in the requests that it made.'),
    runbook: text,
    environment: text,
    status: runStatus.describe('As what a run would have ended.'),
    durationMs: count,
    steps: z.array(
      z.object({
        name: text,
        command: text,
        status: z.enum(stepStatuses),
        skipped: nullableText,
        problem: nullableText,
        rollback: text,
        confirmed: z.boolean().describe('A real run waits for a person here.'),
        requests: z.array(
          z.object({
            requestId: text,
            phase: text,
            command: text,
            status: z.enum(executionStatuses),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'RunbookRehearsal', description: 'How a runbook went in a copy of the workspace.' });
