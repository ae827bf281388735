/** Numbers of the system calls that no command gets, on x86_64 and aarch64. `null`: the call does not exist there. */

type Numbers = readonly [x86_64: number | null, aarch64: number | null];

/** Calls that look into or steer other processes, change mounts, namespaces, the kernel, the clock or the host. */
export const refusedCalls: Readonly<Record<string, Numbers>> = Object.freeze({
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  process_madvise: [440, 440],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  setns: [308, 268],
  unshare: [272, 97],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  memfd_secret: [447, 447],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  vhangup: [153, 58],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  get_mempolicy: [239, 236],
  set_mempolicy_home_node: [450, 450],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  lookup_dcookie: [212, 18],
  iopl: [172, null],
  ioperm: [173, null],
  uselib: [134, null],
});

/** Calls that get another answer than a plain refusal, or are filtered by an argument. */
export const filteredCalls = Object.freeze({
  ioctl: [16, 29],
  clone: [56, 220],
  clone3: [435, 435],
  openat2: [437, 437],
  fallocate: [285, 47],
  socket: [41, 198],
  socketpair: [53, 199],
} as const satisfies Record<string, Numbers>);

/** The mode that a call gives to a file, and the flags that say whether it counts, by argument. */
interface ModeCall {
  readonly numbers: Numbers;
  readonly mode: number;
  readonly flags: number | null;
}

/**
 * Calls that can give a file the set-user-ID or set-group-ID bit: a command would leave a program behind with which
 * whoever finds it becomes the command's user, who may be the gateway's. The same list as systemd's RestrictSUIDSGID.
 */
export const modeCalls: Readonly<Record<string, ModeCall>> = Object.freeze({
  chmod: { numbers: [90, null], mode: 1, flags: null },
  fchmod: { numbers: [91, 52], mode: 1, flags: null },
  fchmodat: { numbers: [268, 53], mode: 2, flags: null },
  fchmodat2: { numbers: [452, 452], mode: 2, flags: null },
  mkdir: { numbers: [83, null], mode: 1, flags: null },
  mkdirat: { numbers: [258, 34], mode: 2, flags: null },
  mknod: { numbers: [133, null], mode: 1, flags: null },
  mknodat: { numbers: [259, 33], mode: 2, flags: null },
  creat: { numbers: [85, null], mode: 1, flags: null },
  open: { numbers: [2, null], mode: 2, flags: 1 },
  openat: { numbers: [257, 56], mode: 3, flags: 2 },
});
