/** The operator's log of the HTTP face: pino, on standard error, since standard output carries answers only. */
import pino from 'pino';
import type { Report } from './problems.ts';

export function reportToStderr(): Report {
  const log = pino({ name: 'reeve', base: null }, pino.destination({ fd: 2, sync: true }));
  return (message, error) => {
    if (error === undefined) log.warn(message);
    else log.error({ err: error }, message);
  };
}
