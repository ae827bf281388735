/**
 * The scenarios that every face has to answer alike: the same status, the same code, the same kinds of entries.
 * `arguments` is the exact JSON text that goes over the wire, so that what no client library would send is sent too.
 */
export interface Scenario {
  readonly title: string;
  readonly command: string;
  /** Exact JSON text of the arguments object. */
  readonly arguments?: string;
  /** The arguments as a list, for faces that have that form. */
  readonly args?: readonly string[];
  readonly environment?: string;
  readonly timeoutSeconds?: number;
  /** The client goes back on it once the command runs, in the way of its face. */
  readonly cancel?: true;
  /** What people answer, in this order, once the client was told that it awaits approval. */
  readonly answers?: readonly Answered[];
  readonly expected: Expected;
  /** Faces that cannot express it, and why. */
  readonly notFor?: Readonly<Partial<Record<FaceName, string>>>;
}
export interface Answered {
  readonly by: 'alice' | 'bob';
  readonly verdict: 'approve' | 'reject';
}
export type FaceName = 'rest' | 'mcp-http' | 'mcp-stdio' | 'cli';

export interface Expected {
  readonly status: string;
  readonly errorCode: string | null;
  readonly kinds: readonly string[];
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
  readonly truncated?: true;
  /** What was read of its output. Where neither is told, the answer has neither. */
  readonly structured?: object;
  readonly structuredProblem?: RegExp;
  /** What the client is told, where that is not how it ends. */
  readonly told?: { readonly status: string; readonly errorCode: string | null };
}

const ran = ['asked', 'decided', 'intent', 'outcome'];
const refused = ['asked', 'refused'];
const rejected = (errorCode: string): Expected => ({
  status: 'rejected',
  errorCode,
  kinds: refused,
});

const awaiting = { status: 'awaiting_approval', errorCode: null };

const noList = {
  'mcp-http': 'MCP arguments are an object',
  'mcp-stdio': 'MCP arguments are an object',
};
const bounded = 5 * 2 ** 20;

export const scenarios: readonly Scenario[] = [
  {
    title: 'an allowed command runs',
    command: 'say',
    arguments: '{"text":"hello"}',
    expected: { status: 'ok', errorCode: null, kinds: ran, stdout: /^hello\n$/ },
  },
  {
    title: 'what a shell would act on stays one argument',
    command: 'say',
    arguments: '{"text":"$(id) `id` ; id | id > x & \\"\'* ~"}',
    expected: {
      status: 'ok',
      errorCode: null,
      kinds: ran,
      stdout: /^\$\(id\) `id` ; id \| id > x & "'\* ~\n$/,
    },
  },
  {
    title: 'JSON is given on standard input, and read from standard output',
    command: 'report',
    arguments: '{"steps":3,"note":"a \\"b\\"","names":["{steps}"]}',
    expected: {
      status: 'ok',
      errorCode: null,
      kinds: ran,
      stdout:
        /^\{"arguments":\{"names":\["\{steps\}"\],"steps":3\},"in":"development","note":"\{a \\"b\\"\}","ok":true\}$/,
      structured: {
        arguments: { names: ['{steps}'], steps: 3 },
        in: 'development',
        note: '{a "b"}',
        ok: true,
      },
    },
  },
  {
    title: 'the answer of a command that failed is read all the same',
    command: 'report',
    arguments: '{"code":1}',
    expected: {
      status: 'failed',
      errorCode: 'COMMAND_EXIT_NON_ZERO',
      kinds: ran,
      structured: { arguments: {}, in: 'development', note: '{none}', ok: true },
    },
  },
  {
    title: 'an answer that is not as declared is a problem, and no value',
    command: 'report',
    arguments: '{"steps":11}',
    expected: {
      status: 'ok',
      errorCode: null,
      kinds: ran,
      stdout: /"steps":11/,
      structuredProblem: /not as declared: \/arguments\/steps must be <= 10/,
    },
  },
  {
    title: 'an unknown command is refused',
    command: 'rm',
    arguments: '{}',
    expected: rejected('COMMAND_NOT_ALLOWED'),
  },
  {
    title: 'a name out of the language itself is an unknown command',
    command: '__proto__',
    arguments: '{}',
    expected: rejected('COMMAND_NOT_ALLOWED'),
  },
  {
    title: 'an argument of the wrong type is refused',
    command: 'slow',
    arguments: '{"seconds":"1"}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'a missing argument is refused',
    command: 'say',
    arguments: '{}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'an unknown argument is refused',
    command: 'say',
    arguments: '{"text":"a","loud":true}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'an argument that would be taken for an option is refused',
    command: 'say',
    arguments: '{"text":"--help"}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'a path out of the workspace is refused',
    command: 'list',
    arguments: '{"path":"../.."}',
    expected: rejected('WORKSPACE_ISOLATION_VIOLATION'),
  },
  {
    title: 'an absolute path out of the workspace is refused',
    command: 'list',
    arguments: '{"path":"/etc"}',
    expected: rejected('WORKSPACE_ISOLATION_VIOLATION'),
  },
  {
    title: 'past its time limit the command ends as timeout',
    command: 'slow',
    arguments: '{"seconds":60}',
    timeoutSeconds: 1,
    expected: {
      status: 'timeout',
      errorCode: 'COMMAND_TIMEOUT',
      kinds: ran,
      stdout: /^started\n$/,
    },
  },
  {
    title: 'a limit above the maximum is refused, not clamped',
    command: 'slow',
    arguments: '{"seconds":1}',
    timeoutSeconds: 301,
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'a failing command gives its output and its code',
    command: 'fail',
    arguments: '{}',
    expected: {
      status: 'failed',
      errorCode: 'COMMAND_EXIT_NON_ZERO',
      kinds: ran,
      stdout: /^useful output\n$/,
      stderr: /^the reason\n$/,
    },
  },
  {
    title: 'output beyond the limit is cut and says so',
    command: 'chatty',
    arguments: '{"count":20000}',
    expected: {
      status: 'ok',
      errorCode: null,
      kinds: ran,
      stdout: /^1\n[\s\S]*\n20000\n$/,
      truncated: true,
    },
  },
  {
    title: 'a client that goes back on it ends the command',
    command: 'slow',
    arguments: '{"seconds":120}',
    cancel: true,
    expected: {
      status: 'cancelled',
      errorCode: 'COMMAND_CANCELLED',
      kinds: ['asked', 'decided', 'intent', 'cancel-asked', 'outcome'],
    },
  },
  {
    title: 'a command that demands approvals awaits them, and nothing runs',
    command: 'guarded',
    arguments: '{}',
    expected: { status: 'awaiting_approval', errorCode: null, kinds: ['asked', 'decided'] },
  },
  {
    title: 'approved in order by two people, it runs once',
    command: 'guarded',
    arguments: '{}',
    answers: [
      { by: 'alice', verdict: 'approve' },
      { by: 'bob', verdict: 'approve' },
    ],
    expected: {
      status: 'ok',
      errorCode: null,
      told: awaiting,
      kinds: [
        'asked',
        'decided',
        'approval-answered',
        'approval-answered',
        'approval-granted',
        'intent',
        'outcome',
      ],
    },
  },
  {
    title: 'out of order, and then rejected, it never runs',
    command: 'guarded',
    arguments: '{}',
    answers: [
      { by: 'bob', verdict: 'approve' },
      { by: 'alice', verdict: 'reject' },
    ],
    expected: {
      status: 'rejected',
      errorCode: 'APPROVAL_REJECTED',
      told: awaiting,
      kinds: ['asked', 'decided', 'approval-refused', 'approval-answered', 'refused'],
    },
  },
  {
    title: 'an environment that nobody declared is refused',
    command: 'say',
    arguments: '{"text":"a"}',
    environment: 'moon',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'an environment that the command is not for is refused',
    command: 'slow',
    arguments: '{"seconds":1}',
    environment: 'staging',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'arguments as a list parse back into the declared ones',
    command: 'say',
    args: ['%s\\n', 'hello'],
    notFor: noList,
    expected: { status: 'ok', errorCode: null, kinds: ran, stdout: /^hello\n$/ },
  },
  {
    title: 'a list that the template cannot have made is refused',
    command: 'say',
    args: ['-v', 'X', 'hello'],
    notFor: noList,
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: '__proto__ among the arguments is refused',
    command: 'say',
    arguments: '{"text":"a","__proto__":{"admin":true}}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'NUL in an argument is refused',
    command: 'say',
    arguments: '{"text":"a\\u0000b"}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'a lone surrogate in an argument is refused',
    command: 'say',
    arguments: '{"text":"\\ud800"}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'duplicate keys are refused',
    command: 'say',
    arguments: '{"text":"a","text":"b"}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'deep nesting is refused',
    command: 'say',
    arguments: `{"text":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'malformed JSON is refused',
    command: 'say',
    arguments: '{"text":}',
    expected: rejected('INVALID_REQUEST'),
  },
  {
    title: 'an oversized request is refused',
    command: 'say',
    arguments: `{"text":"${'x'.repeat(bounded)}"}`,
    expected: rejected('PAYLOAD_TOO_LARGE'),
    notFor: {
      cli: 'the system itself bounds a command line; --json - refuses more than 1 MiB as wrong usage',
    },
  },
];
