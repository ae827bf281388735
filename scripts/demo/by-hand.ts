/** How to go on by hand. In: the stage, and this checkout's real paths. Out: lines to copy, for the shell and for clients. */
import { join } from 'node:path';
import { heading, say } from './page.ts';
import { project, type Stage } from './stage.ts';

export function printByHand(stage: Stage): void {
  const reeve = join(project, 'bin/reeve');
  const args = ['mcp', '--config', stage.config, '--state', stage.state];
  const server = { command: reeve, args };
  heading('Try it yourself');
  say(`The example and its state are in ${stage.folder} (remove the folder when you are done).

  export PATH=${join(project, 'bin')}:${join(project, 'node_modules/.bin')}:$PATH
  export REEVE_CONFIG=${stage.config}
  export REEVE_STATE=${stage.state}
  export URL=http://127.0.0.1:8080 TOKEN=$(cat ${join(stage.state, 'local.token')})

  reeve serve                                            # the gateway; then, in another terminal:
  reeve list                                             # what may be run
  reeve run search-text --param pattern=error            # run something
  reeve plan clean-temp                                  # what would run, without running it
  reeve audit list                                       # who asked what, and how it went
  reeve doctor                                           # what this host can enforce`);
  heading('Let an agent use it');
  say(`Claude Code, over stdio or over HTTP (with \`reeve serve\` running):

  claude mcp add reeve -- ${reeve} ${args.join(' ')}
  claude mcp add --transport http reeve $URL/mcp --header "Authorization: Bearer $TOKEN"

Cursor, in .cursor/mcp.json of a project or ~/.cursor/mcp.json:

${indent(JSON.stringify({ mcpServers: { reeve: server } }, null, 2))}

VS Code, in .vscode/mcp.json of a workspace:

${indent(JSON.stringify({ servers: { reeve: { type: 'stdio', ...server } } }, null, 2))}

Over stdio Reeve works for the user who starts the client (trust: same-user) unless a gateway runs on that state.
To run your own commands, edit ${join(stage.folder, 'example/inventory.yaml')}, then: reeve lint`);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
