/** Clients of databases: what they are given is a language with a door to the shell. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const noPager = { PAGER: 'cat' };
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

export const databases: readonly Program[] = [
  client(
    'mongo mongosh redis-cli redis cqlsh clickhouse clickhouse-client influx cypher-shell neo4j',
    '--eval runs code, and it reads and writes files',
    ['gtfobins:redis', 'https://www.mongodb.com/docs/mongodb-shell/reference/options/'],
    'run: [/usr/bin/redis-cli, -h, cache.internal, GET, "key:{id}"] with a pattern',
    {
      operands: 'code*',
      flags: {
        code: '--eval -e --execute -q --query -x',
        script: '-f --file --eval-file --queries-file',
        destination: '-h --host -u',
        load: '--config-file -C --tlsCertificateKeyFile',
        value: '-p --port -n -a --user --format',
      },
      stdin: 'code',
    },
  ),
  client(
    'mysql mariadb mysqldump mysqladmin mycli',
    '-e runs SQL with \\! for a shell, --pager starts a program, and --defaults-file and --plugin-dir load',
    ['gtfobins:mysql', 'man:mysql(1)'],
    'run: [/opt/bin/fixed-query, "{id}"], a program of your own that binds its values',
    {
      operands: 'data*',
      flags: {
        code: '-e --execute --init-command',
        program: '--pager',
        load: '--defaults-file --defaults-extra-file --plugin-dir --default-auth',
        destination: '-h --host',
        write: '--tee -r --result-file -T --tab',
        value: '-u --user -P --port -D --database --protocol -S',
      },
      stdin: 'code',
      protect: [{ variables: noPager }],
    },
  ),
  client(
    'psql pgcli pg_dump pg_restore pg_dumpall pg_basebackup createdb vacuumdb',
    '-c runs SQL, \\! and COPY … PROGRAM run commands, -f runs files, and a connection text names further files',
    ['gtfobins:psql', 'https://www.postgresql.org/docs/current/app-psql.html'],
    'run: [/usr/bin/psql, --no-psqlrc, --set, "id={id}", --file, /opt/sql/fixed.sql]',
    {
      operands: 'destination data',
      flags: {
        code: '-c --command',
        script: '-f --file',
        write: '-o --output -L --log-file',
        destination: '-h --host -d --dbname',
        setting: '-P --pset',
        value: '-v --set --variable -U --username -p --port -F -R -t -T -n -N',
      },
      stdin: 'code',
      protect: [{ variables: { ...noPager, PSQL_PAGER: 'cat', PSQLRC: '/dev/null' } }],
      forms: [
        {
          sample: 'host=h x=y',
          does: 'network',
          says: 'a connection text chooses host, files and services',
        },
      ],
    },
  ),
  client(
    'sqlite3 sqlite duckdb sqlcipher',
    'its operands behind the database are SQL and dot commands; .shell and .system run commands, .output writes',
    ['gtfobins:sqlite3', 'https://www.sqlite.org/cli.html'],
    'run: [/usr/bin/sqlite3, -safe, -readonly, "{path}", "SELECT count(*) FROM items"]',
    {
      can: 'exec load write',
      style: 'words',
      operands: 'write code*',
      flags: {
        code: '-cmd -c -s',
        script: '-init -f',
        load: '-vfs',
        value: '-separator -newline -nullvalue -mode',
      },
      stdin: 'code',
    },
  ),
];
