/**
 * How anything that goes wrong leaves: as problem JSON (RFC 9457). In: whatever was thrown. Out: a status and a document.
 * Never: a stack, a library's own wording, or a failure that the operator's log does not tell more about.
 */
import { randomUUID } from 'node:crypto';
import { ReeveError, Refusal } from '../../core/errors.ts';
import { type Problem, problemOf } from '../answer.ts';

export type Report = (message: string, error?: unknown) => void;

/** What HTTP has to say beyond the table: another status, a way out in words of its own, headers. */
export interface Terms {
  readonly status: number;
  readonly remedy: string;
  /** What the status stands for here, where it is not the usual. */
  readonly title?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal of the protocol's own kind: a code of the table, on other terms. */
export class HttpRefusal extends ReeveError {
  readonly terms: Terms;
  readonly requestId: string | null;

  constructor(error: ReeveError, terms: Terms, requestId: string | null = null) {
    super(error.code, error.message, error.details);
    this.terms = terms;
    this.requestId = requestId;
  }
}

/** Errors that nobody foresaw become COMMAND_EXECUTION_FAILED, and the log tells the rest under the id in the message. */
export function asReeveError(error: unknown, report: Report): ReeveError {
  if (error instanceof ReeveError) return error;
  const known = ofFramework(error);
  if (known !== null) return known;
  const id = randomUUID();
  report(`error ${id}`, error);
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The gateway failed while handling the request. Its log says more under error ${id}; look up the request (GET /v1/commands/audit) before asking again.`,
  );
}

export function problemFor(error: ReeveError): Problem {
  const problem = problemOf(error);
  if (!(error instanceof HttpRefusal)) return problem;
  const { status, remedy } = error.terms;
  return {
    ...problem,
    status,
    title: error.terms.title ?? titles[status] ?? problem.title,
    remedy,
    ...(error.requestId === null ? {} : { requestId: error.requestId }),
  };
}

/** The refusal as it stands on record; the record's own failure is the answer instead. */
export function onRecord(error: ReeveError, outcome: ReeveError): ReeveError {
  if (!(outcome instanceof Refusal) || outcome.code !== error.code) return outcome;
  return error instanceof HttpRefusal
    ? new HttpRefusal(error, error.terms, outcome.requestId)
    : new Refusal(outcome.requestId, error);
}

const titles: Readonly<Record<number, string>> = {
  403: 'The request names a host or an origin that is not ours.',
  404: 'There is nothing at this path.',
  405: 'This path does not take this method.',
  408: 'The request did not arrive in time.',
  431: 'The headers of the request are too large.',
};

/** What Fastify refuses before a handler of ours sees it. */
function ofFramework(error: unknown): ReeveError | null {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string' || !code.startsWith('FST_') || typeof statusCode !== 'number')
    return null;
  if (statusCode >= 500) return null;
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return invalid('Content-Type', 'only JSON in UTF-8 is taken', 'application/json');
    case 'FST_ERR_BAD_URL':
      return invalid('path', 'the path cannot be decoded', 'a path in percent-encoded UTF-8');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ReeveError(
        'REQUEST_NOT_FOUND',
        'There is no request of that id: it is too long to be one.',
        [{ field: 'requestId', problem: 'not found' }],
      );
    default:
      return invalid(
        'request',
        'it cannot be taken as it is',
        'a request as GET /openapi.yaml describes',
      );
  }
}

function invalid(field: string, problem: string, expected: string): ReeveError {
  return new ReeveError('INVALID_REQUEST', `${field}: ${problem}. Send ${expected}.`, [
    { field, problem, expected },
  ]);
}
