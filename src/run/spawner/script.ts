/**
 * The program of the spawner: it starts processes for the gateway, because it is small and forks fast. In: frames on an
 * inherited socket. Out: frames that tell what became of each process. Never: a shell, a descriptor in a process that was
 * not asked for, a process that outlives the socket. A crash here ends every process that it started.
 */

export const script = String.raw`
use strict;
use POSIX ();
my ($channel, $gateway, $prctl) = map { $_ + 0 } @ARGV;
my $in = '';
my (%run, %starting, %waiting);

sub others_closed {
  my %keep = map { $_ => 1 } @_;
  opendir(my $list, '/proc/self/fd') or return 0;
  my @open = grep { /^[0-9]+$/ && !$keep{$_} } readdir $list;
  closedir $list;
  POSIX::close($_) for @open;
  return 1;
}

sub answer {
  my $body = pack('(N/a*)*', map { "$_" } @_);
  my $frame = pack('N', length $body) . $body;
  while (length $frame) {
    my $n = POSIX::write($channel, $frame, length $frame);
    if (!defined $n) { next if $! == &POSIX::EINTR; finish(); }
    substr($frame, 0, $n, '');
  }
}

# The gateway has gone, or nothing makes sense any more: nothing goes on without it.
sub finish {
  for my $kid (values %run) { kill 'KILL', -$kid->{pid}, $kid->{pid}; }
  POSIX::_exit(0);
}

# Opens what the gateway has open, and proves that it is that.
sub opened {
  my ($fd, $flags, $dev, $ino) = @_;
  my $got = POSIX::open("/proc/$gateway/fd/$fd", $flags);
  return undef unless defined $got;
  my @is = POSIX::fstat($got);
  if (!@is || $is[0] ne $dev || $is[1] ne $ino) { $! = &POSIX::ESTALE; return undef; }
  return $got + 0;
}

sub start_time {
  my ($pid) = @_;
  open(my $stat, '<', "/proc/$pid/stat") or return '';
  my $line = <$stat>;
  return '' unless defined $line && $line =~ /^.*\) [^ZX](?: \S+){18} (\d+) /s;
  return $1;
}

# In the new process, up to the program. Whatever fails is told on $report, which exec closes.
sub become {
  my ($report, $file, $cwd, $user, $descriptors, $environment, $args) = @_;
  my $fail = sub {
    my ($stage, $errno) = ($_[0], $! + 0);
    my $said = "$stage $errno";
    POSIX::write($report, $said, length $said);
    POSIX::_exit(127);
  };
  $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP PIPE QUIT USR1 USR2);
  POSIX::setsid();
  my @wanted = map { [split / /] } @$descriptors;
  my $base = 3;
  for (@wanted) { $base = $_->[0] + 1 if $_->[0] >= $base; }
  my $told = POSIX::dup2($report, $base + @wanted);
  $fail->('descriptor') unless defined $told;
  $report = $told + 0;
  for my $i (0 .. $#wanted) {
    my ($as, $fd, $flags, $dev, $ino) = @{$wanted[$i]};
    my $got = opened($fd, $flags, $dev, $ino);
    $fail->('descriptor') unless defined $got;
    next if $got == $base + $i;
    defined POSIX::dup2($got, $base + $i) or $fail->('descriptor');
    POSIX::close($got);
  }
  for my $i (0 .. $#wanted) {
    defined POSIX::dup2($base + $i, $wanted[$i][0]) or $fail->('descriptor');
  }
  others_closed($report, map { $_->[0] } @wanted) or $fail->('descriptor');
  for my $i (0 .. $#wanted) {
    # Opened without waiting for a writer; whoever reads is to wait for one.
    next unless $wanted[$i][2] & &POSIX::O_NONBLOCK;
    open(my $handle, '<&=', $wanted[$i][0]) or $fail->('descriptor');
    my $flags = fcntl($handle, 3, 0);
    $fail->('descriptor') unless $flags && fcntl($handle, 4, $flags & ~&POSIX::O_NONBLOCK);
    fcntl($handle, 2, 0) or $fail->('descriptor');
    # The handle stays open: closing it would close the descriptor.
    push @main::kept, $handle;
  }
  open(my $end, '>&=', $report) or $fail->('descriptor');
  fcntl($end, 2, 1) or $fail->('descriptor');
  if ($user ne '') {
    my ($uid, $gid) = map { $_ + 0 } split /:/, $user;
    $! = 0;
    $) = "$gid $gid";
    $fail->('user') if $!;
    POSIX::setgid($gid) or $fail->('user');
    POSIX::setuid($uid) or $fail->('user');
    if ($< != $uid || $> != $uid || (split / /, $()[0] != $gid || $) ne "$gid $gid") { $! = &POSIX::EPERM; $fail->('user'); }
  }
  if ($prctl) {
    my $spawner = $main::self;
    syscall($prctl, 1, 9);
    POSIX::_exit(127) if getppid() != $spawner;
  }
  chdir $cwd or $fail->('folder');
  %ENV = map { my ($name, $value) = split /=/, $_, 2; ($name => $value) } @$environment;
  { no warnings; exec { $file } $file, @$args; }
  $fail->('exec');
}

sub start {
  my ($id, $file, $cwd, $user, @rest) = @_;
  my @descriptors = splice @rest, 0, shift @rest;
  my @environment = splice @rest, 0, shift @rest;
  my ($out, $report) = POSIX::pipe();
  if (!defined $out) { answer('failed', $id, 'pipe', $! + 0); return; }
  my $pid = fork;
  if (defined $pid && $pid == 0) {
    eval { become($report, $file, $cwd, $user, \@descriptors, \@environment, \@rest); };
    POSIX::_exit(127);
  }
  my $errno = $! + 0;
  POSIX::close($report);
  if (!defined $pid) { POSIX::close($out); answer('failed', $id, 'fork', $errno); return; }
  my $watch = syscall(434, $pid + 0, 0);
  if ($watch < 0) { kill 'KILL', $pid; finish(); }
  my $kid = { id => $id, pid => $pid, begun => start_time($pid), watch => $watch, report => $out + 0 };
  $run{$pid} = $kid; $starting{$kid->{report}} = $kid; $waiting{$watch} = $kid;
}

sub settled {
  my ($kid) = @_;
  delete $starting{$kid->{report}};
  my $said = '';
  my $n = POSIX::read($kid->{report}, $said, 100);
  POSIX::close($kid->{report});
  $kid->{settled} = 1;
  if ($n && $n > 0) {
    $kid->{failed} = 1;
    answer('failed', $kid->{id}, split / /, $said);
  } else {
    answer('started', $kid->{id}, $kid->{pid}, $kid->{begun});
  }
}

sub ended {
  my ($kid) = @_;
  settled($kid) unless $kid->{settled};
  waitpid($kid->{pid}, 0);
  my $status = $?;
  delete $waiting{$kid->{watch}}; delete $run{$kid->{pid}};
  POSIX::close($kid->{watch});
  answer('ended', $kid->{id}, $status >> 8, $status & 127) unless $kid->{failed};
}

sub make_pipes {
  my ($id, @paths) = @_;
  for my $path (@paths) {
    unless (POSIX::mkfifo($path, 0600) && chmod 0666, $path) { answer('failed', $id, 'mkfifo', $! + 0); return; }
  }
  answer('made', $id);
}

# What all of this stands on, tried once: the gateway's descriptors, and a descriptor for a process.
sub greet {
  my ($id, $descriptor) = @_;
  my $got = opened(split / /, $descriptor);
  if (!defined $got) { answer('failed', $id, 'descriptor', $! + 0); return; }
  POSIX::close($got);
  my $watch = syscall(434, $$ + 0, 0);
  if ($watch < 0) { answer('failed', $id, 'pidfd', $! + 0); return; }
  POSIX::close($watch);
  answer('made', $id);
}

$0 = "reeve-spawner $gateway";
our $self = $$;
our @kept;
$SIG{$_} = 'IGNORE' for qw(TERM INT HUP PIPE QUIT USR1 USR2);
others_closed(0, 1, 2, $channel) or POSIX::_exit(1);
my %verbs = (start => \&start, pipes => \&make_pipes, greet => \&greet);
while (1) {
  my $ready = '';
  vec($ready, $_, 1) = 1 for $channel, keys %starting, keys %waiting;
  my $count = select($ready, undef, undef, undef);
  next if $count < 0;
  for my $fd (keys %starting) { settled($starting{$fd}) if vec($ready, $fd, 1); }
  for my $fd (keys %waiting) { ended($waiting{$fd}) if vec($ready, $fd, 1); }
  next unless vec($ready, $channel, 1);
  my $n = POSIX::read($channel, my $more, 262144);
  if (!defined $n) { next if $! == &POSIX::EINTR; finish(); }
  finish() if $n == 0;
  $in .= $more;
  while (length $in >= 4) {
    my $length = unpack 'N', $in;
    last if length $in < 4 + $length;
    my ($verb, @values) = unpack '(N/a*)*', substr($in, 4, $length);
    substr($in, 0, 4 + $length, '');
    my $does = $verbs{$verb} or finish();
    $does->(@values);
  }
}
`;
