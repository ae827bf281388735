/** The policy that holds where the configuration names none, and that `reeve init` writes as `policy/local.cedar`. */

export const builtInName = 'built-in';

export const builtInPolicy = `// The local user (who started Reeve, or who holds local.token) may see, run and rehearse every command of
// the inventory, and administer the gateway. Nobody else may do anything: what no policy permits is denied.
// The approvals that the inventory demands stand on top of this: no policy takes them away.

@id("local-user-may-see-and-run")
permit (
  principal == Reeve::Principal::"local",
  action in [Reeve::Action::"see", Reeve::Action::"run", Reeve::Action::"assure"],
  resource
);

@id("local-user-may-administer")
permit (
  principal == Reeve::Principal::"local",
  action in Reeve::Action::"administer",
  resource == Reeve::Gateway::"gateway"
);
`;
