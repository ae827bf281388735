/**
 * A verb as a span, in the trace that TRACEPARENT names. In: the work. Out: its exit code. Never: an operand or an option of
 * the command line in the span.
 */
import { servedUnder } from '../telemetry/around.ts';
import { contextFrom } from '../telemetry/trace-context.ts';
import type { Connection } from './connect.ts';
import type { Context } from './context.ts';
import { exitCodeOfFailure } from './failure.ts';

export async function tracedVerb(
  { io }: Context,
  { telemetry }: Pick<Connection, 'telemetry'>,
  verb: string,
  work: () => Promise<number>,
): Promise<number> {
  const parent = contextFrom(io.env.TRACEPARENT, io.env.TRACESTATE);
  const span = telemetry.start(`reeve ${verb}`, {
    parent,
    facts: { 'process.executable.name': 'reeve' },
  });
  try {
    const code = await servedUnder(span.context, null, work);
    span.note({ 'process.exit.code': code });
    span.end(code === 0 ? null : String(code));
    return code;
  } catch (error) {
    const code = exitCodeOfFailure(error);
    span.note({ 'process.exit.code': code });
    span.end(String(code));
    throw error;
  }
}
