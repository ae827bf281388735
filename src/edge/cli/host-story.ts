/** What this host can enforce, in words. In: the probe's capabilities. Out: findings for doctor, a line for serve. */
import type { Settings } from '../../core/settings.ts';
import type { Capabilities } from '../../run/probe.ts';
import type { Paint } from './screen.ts';

/** One thing that was looked at. `problem` means that nothing can run; `note` that something is less than it could be. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'note' | 'problem';
  readonly why: string;
  readonly next: string | null;
}

export function checkHost(
  host: Capabilities,
  settings: Pick<Settings, 'sandbox' | 'limitsRequired'>,
): readonly Finding[] {
  const { sandbox, limitsRequired } = settings;
  const without = host.tier === 'none';
  const tolerated = without && sandbox === 'unsandboxed';
  const none = tolerated
    ? 'none: commands run UNSANDBOXED, as the configuration allows'
    : 'none can be set up here';
  const findings: Finding[] = [
    {
      what: 'sandbox',
      state: without ? (tolerated ? 'note' : 'problem') : 'ok',
      why: without ? none : `${host.tier}\n${heldBy(host).join('\n')}`,
      next: null,
    },
  ];
  if (!without || tolerated) findings.push(checkLimits(host, limitsRequired));
  if (!host.spawner.use) {
    findings.push({
      what: 'host',
      state: 'note',
      why: `the gateway starts processes itself, which holds it up for a moment each time\n${host.spawner.why}`,
      next: 'Install perl (perl-base).',
    });
  }
  for (const problem of host.problems) {
    findings.push({
      what: 'host',
      state: without && !tolerated ? 'problem' : 'note',
      why: `${problem.what}\n${problem.why}`,
      next: problem.remedy,
    });
  }
  return findings;
}

/** Which limits a command is held to here. Where all of them are required, one that is missing keeps every run away. */
function checkLimits({ limits }: Capabilities, required: boolean): Finding {
  const all = limits.degraded.length === 0;
  const held = `held: ${limits.enforced.join(', ')}`;
  return {
    what: 'limits',
    state: all ? 'ok' : required ? 'problem' : 'note',
    why: all ? held : `${held}\nnot held here: ${limits.degraded.join(', ')}`,
    next: all
      ? null
      : required
        ? 'limits.required is set, so nothing runs: get what is missing as told below, or take limits.required away'
        : 'each result and the record say so; limits.required: true would refuse to run instead',
  };
}

/** What holds a command on this host, one a line. */
function heldBy(host: Capabilities): readonly string[] {
  const { bubblewrap, cgroup, seccomp, processLimit } = host;
  return [
    ...(bubblewrap === null ? [] : [`bubblewrap ${bubblewrap.version} (${bubblewrap.path})`]),
    ...(cgroup === null
      ? []
      : [`control groups version ${cgroup.version}: ${cgroup.controllers.join(', ')}`]),
    seccomp ? 'system calls are filtered' : 'system calls are not filtered',
    processLimit === 'none'
      ? 'processes are not counted'
      : `processes are counted by ${processLimit}`,
  ];
}

/** For `reeve serve`: the tier, and a word for each thing that is missing. */
export function tierStory(
  host: Capabilities,
  sandbox: Settings['sandbox'],
  paint: Paint,
): readonly string[] {
  const tier =
    host.tier !== 'none'
      ? host.tier
      : sandbox === 'unsandboxed'
        ? paint.warn('none: commands run UNSANDBOXED')
        : paint.bad('none: nothing will run');
  const missing = host.problems.map((p) => paint.warn(`${p.what}: ${p.why}`));
  return missing.length === 0
    ? [tier]
    : [tier, ...missing, 'reeve doctor tells how to get the rest'];
}
