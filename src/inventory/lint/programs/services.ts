/** Databases, containers, clouds and the host itself. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const noPager = { PAGER: 'cat' };
const systemd = [{ variables: { ...noPager, SYSTEMD_PAGER: 'cat', SYSTEMD_PAGERSECURE: '1' } }];
const client = (
  names: string,
  why: string,
  sources: readonly string[],
  safe: string,
  more: Partial<Program>,
): Program => ({
  names,
  can: 'exec load write network',
  why,
  operands: 'subcommand data*',
  safe,
  sources,
  ...more,
});

export const services: readonly Program[] = [
  client(
    'at batch atq',
    'what it is given runs later, out of the run',
    ['gtfobins:at', 'man:at(1)'],
    'Declare the job as a command of its own.',
    { operands: 'data*', flags: { script: '-f', value: '-q -t' }, stdin: 'code' },
  ),
  client(
    'aws gcloud gsutil az bq oci doctl hcloud flyctl heroku vercel netlify wrangler',
    'help starts a pager, --cli-input-json, file:// and plugins load files, and --endpoint-url sends credentials elsewhere',
    [
      'gtfobins:aws',
      'gtfobins:gcloud',
      'https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html',
    ],
    'run: [/usr/bin/aws, s3, ls, "s3://fixed-bucket/{prefix}"] with a pattern',
    {
      flags: {
        destination: '--endpoint-url --server',
        load: '--cli-input-json --cli-input-yaml --profile --ca-bundle --flags-file --account',
        value: '--region --output --query --project --format --filter',
      },
      forms: [{ sample: 'file:///x', does: 'load', says: 'a value behind file:// is a file' }],
      protect: [{ variables: { ...noPager, AWS_PAGER: '' } }],
    },
  ),
  client(
    'certbot cfssl vault consul nomad etcdctl',
    '--pre-hook and its kin run commands, and addresses send credentials elsewhere',
    ['gtfobins:certbot', 'https://developer.hashicorp.com/vault/docs/commands'],
    'run: [/usr/bin/vault, status, -format=json]',
    {
      style: 'words',
      flags: {
        code: '--pre-hook --post-hook --deploy-hook --manual-auth-hook --renew-hook',
        destination: '-address --endpoints --server',
        load: '-config -c --config --ca-cert -client-key',
        write: '-output',
      },
    },
  ),
  client(
    'docker podman nerdctl buildah ctr crictl docker-compose',
    'run and exec start programs, -v shows it any folder, and -H asks another host',
    ['gtfobins:docker', 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface'],
    'run: [/usr/bin/docker, logs, --tail, "100", "{container}"] with an enum',
    {
      flags: {
        destination: '-H --host -c --context',
        load: '--config --tlscacert --env-file -f --file --seccomp-policy',
        program: '--entrypoint',
        setting: '--security-opt -v --volume --mount --device --label -e --env',
        write: '--cidfile --iidfile -o --output',
        value: '-n --tail --since --until --format --filter --name -w -u --log-level -p',
      },
      subcommands: {
        'run create': { operands: 'load program' },
        'exec attach': { operands: 'data program' },
        'build buildx compose bake up': {
          operands: 'load*',
          runs: 'the Dockerfile and compose files',
        },
        'ps logs images inspect version info stats top port diff history events': {
          operands: 'data*',
        },
      },
    },
  ),
  client(
    'gh glab jira',
    'aliases and extensions run programs, and api reaches any address',
    ['https://cli.github.com/manual/gh_alias_set'],
    'run: [/usr/bin/gh, pr, list, --limit, "20"]',
    {
      flags: {
        program: '-e --editor --pager',
        read: '-F --body-file --field --input',
        destination: '--hostname -R --repo',
      },
      subcommands: { 'alias extension config api': { operands: 'setting*' } },
      protect: [{ variables: { ...noPager, GH_PAGER: 'cat', GH_PROMPT_DISABLED: '1' } }],
    },
  ),
  client(
    'gpg gpg2 gpgv gpgsm sops',
    '--exec-path, --photo-viewer and agents start programs, -o writes, and sops exec-env runs a command',
    ['man:gpg(1)'],
    'run: [/usr/bin/gpgv, --keyring, /opt/keys.gpg, --, "{signature}", "{path}"]',
    {
      operands: 'read*',
      flags: {
        program: '--photo-viewer --agent-program --dirmngr-program --pinentry-program',
        load: '--options --homedir --exec-path --keyring',
        write: '-o --output',
        destination: '--keyserver',
        value: '-r --recipient -u --local-user',
      },
      subcommands: { 'exec-env exec-file edit': { operands: 'read code*' } },
    },
  ),
  client(
    'helm kustomize helmfile skaffold argocd',
    '--post-renderer runs a program, and charts and plugins load code',
    ['https://helm.sh/docs/topics/advanced/#post-rendering'],
    'run: [/usr/bin/helm, list, --output, json]',
    {
      flags: {
        program: '--post-renderer --post-renderer-args',
        load: '-f --values --kubeconfig --repository-config --registry-config --set-file --ca-file',
        destination: '--kube-apiserver --repo',
        setting: '--set --set-string --set-json',
        write: '--output-dir',
        value: '-n --namespace -o --output --kube-context',
      },
    },
  ),
  client(
    'hg chg svn cvs bzr fossil jj darcs',
    '--config, --extension and --config-option run programs, and -e or --diff-cmd name them',
    ['man:hg(1)', 'https://www.mercurial-scm.org/doc/hgrc.5.html'],
    'run: [/usr/bin/hg, log, --limit, "10", --, "{path}"]',
    {
      flags: {
        setting: '--config --config-option',
        program: '--diff-cmd --editor-cmd --diff3-cmd -e --ssh --remotecmd',
        load: '--config-dir --cwd -R --repository',
        value: '-l --limit -r --rev -m',
      },
      forms: [{ sample: 'ssh://x', does: 'exec', says: 'a remote starts ssh' }],
      protect: [
        { variables: { ...noPager, HGRCPATH: '/dev/null', HGRCSKIPREPO: '1', HGPLAIN: '1' } },
      ],
    },
  ),
  client(
    'journalctl',
    'it starts a pager, -D, --file and --root read elsewhere, and --vacuum removes',
    ['gtfobins:journalctl', 'man:journalctl(1)'],
    'run: [/usr/bin/journalctl, --no-pager, --lines=100, "--unit={unit}"] with a pattern',
    {
      can: 'exec write',
      operands: 'data*',
      flags: {
        read: '-D --directory --file --root --image --cursor-file',
        value:
          '-n --lines -u --unit -p --priority -S --since -U --until -o --output -g --grep -t -k -b --boot',
      },
      ends: 'none',
      protect: systemd,
    },
  ),
  client(
    'kubectl oc k9s kubectx',
    '--server and --kubeconfig send credentials elsewhere, exec starts programs, and plugins and -f load files',
    ['gtfobins:kubectl', 'https://kubernetes.io/docs/reference/kubectl/'],
    'run: [/usr/bin/kubectl, get, pods, --namespace, "{namespace}", --output, json] with an enum',
    {
      flags: {
        destination: '-s --server --cluster --proxy-url',
        load: '--kubeconfig -f --filename -k --kustomize --certificate-authority --client-key --client-certificate --token --cache-dir --editor',
        write: '--output-directory',
        setting: '--overrides -p --patch',
        value:
          '-n --namespace -o --output --context -l --selector --field-selector --tail --since -c --container --as',
      },
      subcommands: {
        exec: { operands: 'data program' },
        'run debug attach cp proxy port-forward edit plugin config': {
          operands: 'code*',
          runs: undefined,
        },
        'get describe logs top explain version api-resources events rollout auth': {
          operands: 'data*',
        },
      },
      protect: [{ variables: { ...noPager, KUBE_EDITOR: 'true', EDITOR: 'true' } }],
    },
  ),
  client(
    'ldconfig update-alternatives insmod modprobe kmod sysctl apache2ctl nginx httpd haproxy',
    'it loads libraries, modules or configuration',
    ['gtfobins:ldconfig', 'gtfobins:update-alternatives', 'gtfobins:sysctl', 'gtfobins:apache2ctl'],
    "Leave it to the host's own configuration.",
    {
      operands: 'load*',
      flags: { load: '-f -C -c --config -d -p', setting: '-w -g --write', write: '-r' },
    },
  ),
  client(
    'puppet chef chef-client knife salt salt-call facter',
    'manifests and modules run code',
    ['gtfobins:puppet', 'gtfobins:knife', 'gtfobins:facter'],
    'Mount the manifest and name it by its path.',
    {
      operands: 'subcommand code*',
      flags: {
        code: '-e --execute -E',
        load: '-c --config --modulepath --confdir --custom-dir --external-dir --trace-dir',
      },
    },
  ),
  client(
    'screen tmux tmate byobu dtach zellij',
    'its operands are a command for a shell',
    ['gtfobins:screen', 'gtfobins:tmux', 'gtfobins:tmate'],
    'Declare the program itself.',
    {
      operands: 'code*',
      flags: { load: '-f -c', code: '-X -e', write: '-L -Logfile', value: '-S -L -t -s -n' },
      stdin: 'code',
    },
  ),
  client(
    'systemctl loginctl machinectl busctl timedatectl resolvectl hostnamectl localectl networkctl systemd-resolve service rc-service initctl supervisorctl',
    'it starts a pager, edit starts an editor, -H and -M reach elsewhere, and link loads units',
    [
      'gtfobins:systemctl',
      'gtfobins:loginctl',
      'gtfobins:busctl',
      'gtfobins:timedatectl',
      'gtfobins:service',
      'man:systemctl(1)',
      'advisory:CVE-2023-26604',
    ],
    'run: [/usr/bin/systemctl, --no-pager, status, --, "{unit}"] with a pattern',
    {
      flags: {
        destination: '-H --host',
        load: '--root --image',
        setting: '-p --property',
        value: '-M --machine -t --type -n --lines -o --output -s --signal',
      },
      protect: systemd,
    },
  ),
  client(
    'virsh qemu-system-x86_64 qemu-img qemu-system* virt-install lxc lxd incus',
    'machines and containers run what they are given, and -c asks another host',
    ['gtfobins:virsh', 'https://www.qemu.org/docs/master/system/invocation.html'],
    'run: [/usr/bin/virsh, list, --all]',
    {
      style: 'words',
      operands: 'subcommand load*',
      flags: {
        destination: '-c --connect',
        load: '-hda -cdrom -drive -kernel -L -readconfig',
        code: '-netdev -chardev -monitor',
      },
    },
  ),
];
