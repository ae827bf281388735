/** docs/deployment.md without containers, typed from its first command to its last on a bare Debian that boots systemd. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Block, blocksOf, isCommands } from '../docs/blocks.ts';
import { root } from '../real/stage.ts';
import { bareHost, Machine, noMachine } from './machine.ts';

const missing = noMachine();
if (missing !== null) console.error(`host: skipped: ${missing}`);

describe('a host with systemd', { skip: missing ?? false, timeout: 600_000 }, () => {
  const work = mkdtempSync(join(tmpdir(), 'reeve-host-files-'));
  let machine: Machine;
  let notHere: string | null = null;
  let packages: Block;
  let others: readonly Block[];

  before(async () => {
    const blocks = blocksOf('docs/deployment.md').filter(
      (block) =>
        isCommands(block) && block.annotation.elsewhere?.file === 'test/deploy/host.test.ts',
    );
    [packages, ...others] = blocks as [Block, ...Block[]];
    execFileSync(process.execPath, [join(root, 'scripts/release/pack.ts'), work], {
      stdio: 'pipe',
    });
    const archive = archiveOfNode(work);
    const tarball = readdirSync(work).find((file) => file.endsWith('.tgz'));
    machine = new Machine(bareHost(packages.text), [archive, join(work, tarball!)]);
    notHere = await machine.boot();
    if (notHere !== null) console.error(`host: skipped: ${notHere}`);
  });
  after(async () => {
    await machine?.[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  test('a bare Debian host is deployed by the page alone', async (t) => {
    if (notHere !== null) return t.skip(notHere);
    let request = '';
    for (const block of others) {
      const text = typed(block.text, request);
      const { status, said } = await machine.type(text);
      assert.equal(
        status,
        0,
        `docs/deployment.md:${block.line}\n${text}\n${said}${await journal()}`,
      );
      if (text.includes('npx ')) {
        assert.match(said, /awaiting_approval/);
        request = /req_[0-9a-f]{32}/.exec(said)![0];
        const { said: seen } = await machine.type('touch /srv/reeve/development/cache/old');
        assert.equal(seen, '');
      }
      if (text.includes('enable --now')) {
        assert.match(said, /Active: active \(running\)/);
        assert.match(said, /Runs are possible here/);
        assert.match(said, /sandbox {2}bubblewrap/);
        await holdsWhatTheUnitSays();
      }
      if (text.includes('reeve approve')) {
        assert.match(said, /is granted/);
        const { said: left } = await machine.type(
          `for try in $(seq 50); do [ -e /srv/reeve/development/cache/old ] || break; sleep 0.1; done; ls /srv/reeve/development/cache`,
        );
        assert.equal(left, '');
      }
      if (text.includes('--signal=KILL')) {
        await losesNothingUnderWay();
        assert.match(said, /clear-cache in development: ok/);
        assert.match(said, /^verified: /m);
        assert.match(said, /exposure level for reeve\.service: [0-3]\./);
      }
      if (text.includes('restore')) {
        assert.ok(said.includes(`request    ${request}`), said);
        assert.match(said, /No longer frozen/);
        assert.match(said, /reeve: ok in/);
        assert.match(said, /^verified: /m);
      }
    }
    const { said } = await machine.type(
      'getent passwd reeve || true; ls -d /opt/reeve /etc/reeve /var/lib/reeve /usr/local/bin/reeve 2>/dev/null || true; systemctl is-active reeve || true',
    );
    assert.equal(said.trim(), 'inactive');
  });

  /** The process as the kernel has it, and a run that would outgrow what the unit allows. */
  async function holdsWhatTheUnitSays(): Promise<void> {
    const { said } = await machine.type(
      'cat /proc/$(systemctl show --value --property MainPID reeve)/status; systemctl show --property Delegate --property NRestarts reeve',
    );
    assert.match(said, /^CapBnd:\s+0000000000000000$/m);
    assert.match(said, /^NoNewPrivs:\s+1$/m);
    assert.match(said, /^Seccomp:\s+2$/m);
    assert.doesNotMatch(said, /^Uid:\s+0\b/m);
    assert.match(said, /^Delegate=yes$/m);
    const { said: why } = await machine.type('journalctl --unit reeve --no-pager');
    const unified = (
      await machine.type('test -e /sys/fs/cgroup/cgroup.controllers && echo 2 || echo 1')
    ).said.trim();
    if (unified === '2') assert.match(why, /bubblewrap\+cgroup/);
    else assert.match(why, /memory, processor share and processor time are not limited/);
  }

  /** A run under way when the gateway is killed is unknown, is not run again, and the gateway is back without anybody's help. */
  async function losesNothingUnderWay(): Promise<void> {
    const { status, said } = await machine.type(`cat >> /etc/reeve/inventory.yaml <<'EOF'
  sleeper:
    description: Sleeps.
    owner: operations
    risk: low
    run: [/usr/bin/sleep, "300"]
    environments: [development]
    timeout: { default: 200s, max: 400s }
    approvals: []
    dependencies: []
    workspace: none
EOF
systemctl reload reeve
until as_reeve list | grep -q sleeper; do sleep 0.2; done
as_reeve run sleeper > /dev/null 2>&1 &
until as_reeve ps --output json | grep -q '"running"'; do sleep 0.2; done
RUNNING=$(as_reeve ps --output json | grep -o 'req_[0-9a-f]*' | head -n 1)
systemctl kill --signal=KILL reeve
ready
as_reeve show $RUNNING
as_reeve ps
systemctl show --property NRestarts reeve`);
    assert.equal(status, 0, said);
    assert.match(said, /sleeper in development: unknown/);
    assert.match(said, /HOST_LOST/);
    assert.doesNotMatch(said, /NRestarts=0/);
  }

  async function journal(): Promise<string> {
    try {
      return (await machine.type('journalctl --unit reeve --no-pager --lines 30')).said;
    } catch {
      return '';
    }
  }
});

/** What stands for something, and the answer of whoever sits at the terminal. */
function typed(text: string, request: string): string {
  return text
    .replaceAll(/\bID\b/g, request)
    .replace(
      /^(REEVE_TOKEN=\S+ \S+|REEVE_TOKEN=\$\(cat [^)]+\)) (reeve approve \S+)$/m,
      (_all, token, command) =>
        `printf 'clear-cache\\n' | ${token} script --quiet --return --command "${command}" /dev/null`,
    );
}

/** As nodejs.org has it, as far as the page needs it: the program, of the version that this runs on. */
function archiveOfNode(into: string): string {
  const name = `node-${process.version}-linux-${process.arch}`;
  mkdirSync(join(into, name, 'bin'), { recursive: true });
  execFileSync('cp', [process.execPath, join(into, name, 'bin/node')]);
  const archive = join(into, `${name}.tar.gz`);
  execFileSync('sh', ['-c', 'tar -C "$1" -cf - "$2" | gzip -1 > "$3"', 'sh', into, name, archive]);
  return archive;
}
