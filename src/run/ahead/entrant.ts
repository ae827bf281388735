/**
 * What waits inside a sandbox that was started ahead: it reads its command from a descriptor and becomes it. In: one frame
 * of folder, variables and arguments. Never: anything of a command before all of the frame is there; two commands.
 */
import { frameOf } from '../spawner/frames.ts';

export const entrantProgram = '/usr/bin/perl';

/** Numbers of its descriptors: neither is left when the command begins. */
export const entrantDescriptors = Object.freeze({ report: 6, feed: 7 });

/** It says what bubblewrap would have said, and proves on the other descriptor that it was not the command that did. */
const script = String.raw`
open(my $feed, '<&=', ${entrantDescriptors.feed}) or exit 127;
open(my $report, '>&=', ${entrantDescriptors.report}) or exit 127;
# It is up: whoever started it waits for this.
syswrite $report, 'r';
my $frame = do { local $/; <$feed> };
close $feed;
exit 127 if !defined $frame || length $frame < 4 || length $frame != 4 + unpack 'N', $frame;
my ($folder, $count, @rest) = unpack '(N/a*)*', substr $frame, 4;
my @variables = splice @rest, 0, $count;
sub failed {
  my ($what, $why) = @_;
  print STDERR "bwrap: $what: $why\n";
  syswrite $report, 'x';
  exit 127;
}
chdir $folder or failed("Can't chdir to $folder", $!);
%ENV = map { my ($name, $value) = split /=/, $_, 2; ($name => $value) } @variables;
{ no warnings; exec { $rest[0] } @rest; }
failed("execvp $rest[0]", $!);
`;

export const entrant: readonly string[] = [entrantProgram, '-f', '-e', script];

/** What is handed to it; null if that is more than any kernel would take. */
export function entranceOf(
  folder: string,
  variables: Readonly<Record<string, string>>,
  argv: readonly string[],
): Uint8Array | null {
  const list = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  if ([folder, ...list, ...argv].some((value) => value.includes('\0'))) return null;
  return frameOf([folder, String(list.length), ...list, ...argv]);
}
