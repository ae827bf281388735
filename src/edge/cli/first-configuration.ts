/** The files that `reeve init` writes: small, safe, and a place to start from. */

/** `runAs` is set where root makes the configuration: a command never runs as root. */
export function firstSettings(runAs: number | null): string {
  return `# What this gateway is. Relative paths are relative to this file.
version: 1
inventory: inventory.yaml          # which commands there are
policy: policy                     # who may run them (Cedar)
listen: 127.0.0.1:8080             # for reeve serve
defaultEnvironment: development
environments:
  development:
    workspace: ./workspace         # the only place that commands can write
${runAs === null ? '' : `    runAs: ${runAs}                   # commands run as this user, never as root\n`}`;
}

export const firstInventory = `# Which commands there are. What is not declared here cannot run.
version: 1
commands:
  greet:
    tool: greet
    title: Say hello
    description: Prints a greeting for a name. A first command to try.
    owner: you
    risk: low
    approvals: []                  # nobody has to agree
    dependencies: []               # nothing has to be up
    run: [/usr/bin/echo, "Hello, {name}!"]
    parameters:
      name:
        type: string
        description: Whom to greet
        pattern: "[A-Za-z][A-Za-z .'-]*"
        maxLength: 60
    required: [name]
    environments: [development]
    timeout: 10s
    workspace: none
    examples:
      accept: [{ name: Ada }]
      reject: [{}, { name: "" }, { name: "$(id)" }]

  list-files:
    tool: list_files
    title: List files
    description: Lists a folder of the workspace with sizes and times.
    owner: you
    risk: low
    approvals: []
    dependencies: []
    run: [/usr/bin/ls, -l, --human-readable, --, "{folder}"]
    parameters:
      folder:
        type: string
        format: workspace-path
        description: A folder inside the workspace
        default: "."
    environments: [development]
    timeout: 10s
    workspace: read-only
    examples:
      accept: [{}]
      reject: [{ folder: ../.. }]

  note:
    tool: note
    title: Write a note
    description: Creates an empty file with this name in the workspace, or renews its time.
    owner: you
    risk: low
    approvals: []
    dependencies: []
    run: [/usr/bin/touch, --, "{file}"]
    parameters:
      file:
        type: string
        format: workspace-path
        description: The file's name, inside the workspace
    required: [file]
    environments: [development]
    timeout: 10s
    workspace: read-write
    examples:
      accept: [{ file: todo.txt }]
      reject: [{}]
`;

export const welcome = `Commands that Reeve runs see this folder as /workspace, and can write nowhere else.
`;

export const ignoredFiles = `# What commands leave in the workspace
/workspace/*
!/workspace/welcome.txt
`;
