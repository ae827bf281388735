/**
 * `reeve doctor`: whether runs are possible here, what this host cannot enforce, what commands depend on and is away, and
 * how to get the rest.
 * Never: anything changed or run; it only looks.
 */
import { visible, visibleLine } from '../../../core/text.ts';
import type { Context, VerbInput } from '../context.ts';
import { checkDependencies } from '../dependency-story.ts';
import {
  checkConfiguration,
  checkGateway,
  checkNode,
  checkRecord,
  checkState,
} from '../examination.ts';
import { exitCodes } from '../exit-codes.ts';
import { checkHost, type Finding } from '../host-story.ts';
import type { Paint } from '../screen.ts';
import { checkWorkspaces } from '../workspace-story.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options, wiring } = context;
  const configuration = await checkConfiguration(context);
  const state = checkState(context);
  const host = await wiring.capabilities(state.folder);
  const findings: Finding[] = [
    checkNode(),
    ...checkHost(host, configuration),
    state.finding,
    ...checkRecord(state.folder),
    configuration.finding,
    ...(await checkDependencies(context, environmentOf(input))),
    ...(await checkWorkspaces(context, host.tier !== 'none')),
    await checkGateway(context, state.folder),
  ];
  const possible = findings.every((f) => f.state !== 'problem');
  if (options.output === 'json') {
    await screen.printJson({ ok: possible, version: wiring.version, findings });
  } else {
    const width = Math.max(...findings.map((f) => f.what.length));
    await screen.print(findings.map((f) => describeFinding(f, width, screen.out)).join(''));
    await screen.print(
      possible
        ? '\nRuns are possible here.\n'
        : `\n${screen.out.bad('Runs are not possible here')} until each problem is solved.\n`,
    );
  }
  return possible ? exitCodes.ok : exitCodes.gatewayFailed;
}

function environmentOf({ options }: VerbInput): string | null {
  return typeof options.env === 'string' ? options.env : null;
}

function describeFinding(finding: Finding, width: number, paint: Paint): string {
  const mark = {
    ok: paint.good('ok     '),
    note: paint.warn('note   '),
    problem: paint.bad('problem'),
  }[finding.state];
  const indent = ' '.repeat(7 + 2 + width + 2);
  const lines = [
    ...visible(finding.why).split('\n'),
    ...(finding.next === null ? [] : [`${paint.dim('next:')} ${visibleLine(finding.next)}`]),
  ];
  return `${mark}  ${visibleLine(finding.what).padEnd(width)}  ${lines.join(`\n${indent}`)}\n`;
}
