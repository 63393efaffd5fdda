// System calls, constants and macros that Swift cannot import by itself: variadic functions, function-like macros and calls
// that glibc 2.36 does not wrap. Shared by LinuxSystem and the Embedded Swift shim, so nothing here allocates or uses locale.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/if_link.h>
#include <linux/if_addr.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <linux/veth.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "CgroupPrograms.h"

// glibc's <sys/mount.h> and the kernel's <linux/mount.h> cannot both be included before glibc 2.37: declare what is needed.
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
extern int umount2(const char *target, int flags);
#ifndef MNT_DETACH
#define MNT_DETACH 2
#define UMOUNT_NOFOLLOW 8
#endif
#ifndef MS_RDONLY
#define MS_RDONLY 1
#define MS_NOSUID 2
#define MS_NODEV 4
#define MS_NOEXEC 8
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_REC 16384
#define MS_SILENT 32768
#define MS_UNBINDABLE (1 << 17)
#define MS_PRIVATE (1 << 18)
#define MS_SLAVE (1 << 19)
#define MS_SHARED (1 << 20)
#define MS_RELATIME (1 << 21)
#define MS_STRICTATIME (1 << 24)
#endif

static inline int gantry_errno(void) { return errno; }
static inline const char *gantry_errno_name(int value) { return strerrorname_np(value); }
static inline void gantry_set_errno(int value) { errno = value; }

static inline int gantry_openat(int dir, const char *path, int flags, unsigned mode) { return openat(dir, path, flags, mode); }
static inline int gantry_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}
static inline int gantry_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }
static inline int gantry_ioctl_int(int fd, unsigned long request, long argument) { return ioctl(fd, request, argument); }
static inline int gantry_ioctl(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }
static inline int gantry_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) { return prctl(option, a, b, c, d); }

static inline int gantry_pidfd_open(int pid, unsigned flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
// A copy of descriptor `number` of another process (kernel 5.6; needs the right to trace it).
static inline int gantry_pidfd_getfd(int fd, int number) { return (int)syscall(SYS_pidfd_getfd, fd, number, 0); }
static inline int gantry_pidfd_send_signal(int fd, int signal) { return (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0); }
static inline int gantry_close_range(unsigned first, unsigned last, unsigned flags) { return (int)syscall(SYS_close_range, first, last, flags); }
static inline int gantry_memfd_create(const char *name, unsigned flags) { return (int)syscall(SYS_memfd_create, name, flags); }
static inline int gantry_execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags) {
    return (int)syscall(SYS_execveat, dir, path, argv, envp, flags);
}
// clone3 without a new stack: returns twice, as fork does.
static inline int gantry_clone3(uint64_t flags, int *pidfd, uint64_t exit_signal, uint64_t cgroup) {
    struct clone_args arguments = {.flags = flags, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = exit_signal, .cgroup = cgroup};
    return (int)syscall(SYS_clone3, &arguments, sizeof arguments);
}
static inline int gantry_fork(void) { return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static inline int gantry_unshare(int flags) { return unshare(flags); }
static inline int gantry_setns(int fd, int type) { return setns(fd, type); }
static inline int gantry_pivot_root(const char *new_root, const char *put_old) { return (int)syscall(SYS_pivot_root, new_root, put_old); }
static inline int gantry_gettid(void) { return (int)syscall(SYS_gettid); }
static inline int gantry_renameat2(int from, const char *a, int to, const char *b, unsigned flags) { return (int)syscall(SYS_renameat2, from, a, to, b, flags); }

static inline int gantry_fsopen(const char *type, unsigned flags) { return (int)syscall(SYS_fsopen, type, flags); }
static inline int gantry_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux) { return (int)syscall(SYS_fsconfig, fd, command, key, value, aux); }
static inline int gantry_fsmount(int fd, unsigned flags, unsigned attributes) { return (int)syscall(SYS_fsmount, fd, flags, attributes); }
static inline int gantry_open_tree(int dir, const char *path, unsigned flags) { return (int)syscall(SYS_open_tree, dir, path, flags); }
static inline int gantry_move_mount(int from, const char *a, int to, const char *b, unsigned flags) { return (int)syscall(SYS_move_mount, from, a, to, b, flags); }
static inline int gantry_mount_setattr(int dir, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation, uint64_t userns) {
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation, .userns_fd = userns};
    return (int)syscall(SYS_mount_setattr, dir, path, flags, &attributes, sizeof attributes);
}

// Raw identity calls: glibc's wrappers signal every thread; the shim has one and wants none of that.
static inline int gantry_setresuid(unsigned r, unsigned e, unsigned s) { return (int)syscall(SYS_setresuid, r, e, s); }
static inline int gantry_setresgid(unsigned r, unsigned e, unsigned s) { return (int)syscall(SYS_setresgid, r, e, s); }
static inline int gantry_setgroups(size_t count, const unsigned *groups) { return (int)syscall(SYS_setgroups, count, groups); }
static inline void gantry_setfsids(unsigned user, unsigned group) { syscall(SYS_setfsgid, group); syscall(SYS_setfsuid, user); }
static inline int gantry_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)}};
    return (int)syscall(SYS_capset, &header, data);
}
static inline int gantry_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    int result = (int)syscall(SYS_capget, &header, data);
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return result;
}
static inline int gantry_seccomp_filter(const void *filter, unsigned short count, unsigned flags) {
    struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)filter};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static inline int gantry_wifexited(int status) { return WIFEXITED(status); }
static inline int gantry_wexitstatus(int status) { return WEXITSTATUS(status); }
static inline int gantry_wifsignaled(int status) { return WIFSIGNALED(status); }
static inline int gantry_wtermsig(int status) { return WTERMSIG(status); }
static inline int gantry_wcoredump(int status) { return WCOREDUMP(status); }

static inline unsigned gantry_major(uint64_t device) { return major(device); }
static inline unsigned gantry_minor(uint64_t device) { return minor(device); }
static inline uint64_t gantry_makedev(unsigned a, unsigned b) { return makedev(a, b); }

// Sends bytes with up to 16 descriptors in one message (unix sockets, SCM_RIGHTS).
static inline long gantry_send_descriptors(int socket, const void *bytes, size_t length, const int *descriptors, size_t count) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    union { struct cmsghdr header; char space[CMSG_SPACE(16 * sizeof(int))]; } control;
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count > 16) { errno = EINVAL; return -1; }
    if (count > 0) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}
// Receives bytes and up to 16 close-on-exec descriptors; *count is how many came.
static inline long gantry_receive_descriptors(int socket, void *bytes, size_t length, int *descriptors, size_t *count) {
    struct iovec vector = {.iov_base = bytes, .iov_len = length};
    union { struct cmsghdr header; char space[CMSG_SPACE(16 * sizeof(int))]; } control;
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    long result = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    *count = 0;
    if (result < 0) return result;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors + *count, CMSG_DATA(header), here * sizeof(int));
        *count += here;
    }
    return result;
}
static inline int gantry_unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) { errno = ENAMETOOLONG; return -1; }
    memcpy(address->sun_path, path, length + 1);
    return 0;
}
// bind(2) and connect(2) without the transparent union that glibc declares for the address.
static inline int gantry_connect(int socket, const void *address, size_t length) { return connect(socket, (const struct sockaddr *)address, (socklen_t)length); }
static inline int gantry_bind(int socket, const void *address, size_t length) { return bind(socket, (const struct sockaddr *)address, (socklen_t)length); }

// The environment that programs started by us inherit; Swift does not import the mutable global.
static inline char **gantry_environ(void) { return environ; }

// For processes: what the shim and its starter need.
static inline int gantry_set_limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
    return (int)syscall(SYS_prlimit64, 0, resource, &limit, NULL);
}
static inline int gantry_get_limit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit64 limit;
    int result = (int)syscall(SYS_prlimit64, 0, resource, NULL, &limit);
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return result;
}
static inline int gantry_unlock_terminal(int master) { int off = 0; return ioctl(master, TIOCSPTLCK, &off); }
static inline int gantry_terminal_peer(int master) { return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); }
static inline int gantry_terminal_number(int master) { int number = -1; return ioctl(master, TIOCGPTN, &number) < 0 ? -1 : number; }
static inline int gantry_take_terminal(int slave) { return ioctl(slave, TIOCSCTTY, 0); }
static inline int gantry_set_window(int terminal, unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}
// Default handlers for every signal and an empty mask: what a program expects to start with.
// The kernel is asked directly: the C library keeps two signals for itself, which its posix_spawn leaves ignored.
static inline void gantry_reset_signals(void) {
    unsigned long action[8] = {0};
    for (int number = 1; number < 65; number++) syscall(SYS_rt_sigaction, number, action, NULL, 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
static inline void gantry_ignore_signal(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    sigaction(number, &action, NULL);
}
// Blocks SIGCHLD and answers a descriptor that becomes readable when a child changes state.
static inline int gantry_child_signal_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
static inline long gantry_getcwd(char *buffer, size_t size) { return syscall(SYS_getcwd, buffer, size); }
static inline int gantry_file_type(unsigned mode) { return (int)(mode & S_IFMT); }
static inline int gantry_capability_in_bounding_set(int number) { return prctl(PR_CAPBSET_READ, number, 0, 0, 0); }

// Runs the program open as `program` in a session of its own with /dev/null as its standard streams and `descriptors` as
// 3, 4, and so on; every other descriptor must be close-on-exec. All numbers given must be 64 or higher. Returns 0 or an errno.
static inline int gantry_spawn(int program, char *const argv[], char *const envp[], const int *descriptors, size_t count, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    char path[32];
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawnattr_init(&attributes);
    if (result != 0) { posix_spawn_file_actions_destroy(&actions); return result; }
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    for (int number = 0; number < 3 && result == 0; number++)
        result = posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0);
    for (size_t index = 0; index < count && result == 0; index++)
        result = posix_spawn_file_actions_adddup2(&actions, descriptors[index], (int)index + 3);
    // The program's own descriptor stands last, so that everything else of the caller, which other threads may have opened
    // without close-on-exec, can be closed.
    int last = (int)count + 3, copy = fcntl(program, F_DUPFD_CLOEXEC, last + 1);
    if (copy < 0) result = errno;
    if (result == 0) result = posix_spawn_file_actions_adddup2(&actions, copy, last);
    if (result == 0) result = posix_spawn_file_actions_addclosefrom_np(&actions, last + 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", last);
    if (result == 0) result = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    if (copy >= 0) close(copy);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}
static inline long gantry_copy_file_range(int from, int to, size_t length) { return syscall(SYS_copy_file_range, from, NULL, to, NULL, length, 0); }
static inline int gantry_clone_file(int to, int from) { return ioctl(to, FICLONE, from); }
// 1 when path is the root of a mount (STATX_ATTR_MOUNT_ROOT, kernel 5.8), 0 when not, -1 on failure.
static inline int gantry_is_mount_point(const char *path) {
    struct statx status;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &status) != 0) return -1;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}
// A listening unix socket at a path, close-on-exec and non-blocking, mode 0600.
static inline int gantry_listen_unix(const char *path) {
    struct sockaddr_un address;
    if (gantry_unix_address(path, &address) != 0) return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    mode_t mask = umask(0177);
    int result = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    int code = errno;
    umask(mask);
    if (result == 0 && listen(descriptor, 64) == 0) return descriptor;
    if (result == 0) code = errno;
    close(descriptor);
    errno = code;
    return -1;
}
// A close-on-exec, non-blocking connection to the unix socket at a path.
static inline int gantry_connect_unix(const char *path) {
    struct sockaddr_un address;
    if (gantry_unix_address(path, &address) != 0) return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}
static inline int gantry_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }
// Without SIGPIPE; with `wait` 0 answers EAGAIN instead of waiting.
static inline long gantry_send(int socket, const void *bytes, size_t length, int wait) {
    return send(socket, bytes, length, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
}
static inline long gantry_receive(int socket, void *bytes, size_t length, int wait) { return recv(socket, bytes, length, wait ? 0 : MSG_DONTWAIT); }
// A pair of connected message sockets, close-on-exec.
static inline int gantry_message_pair(int pair[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair); }
static inline int gantry_end_sending(int socket) { return shutdown(socket, SHUT_WR); }
static inline int gantry_make_node(int directory, const char *name, unsigned mode, uint64_t device) { return mknodat(directory, name, mode, device); }

// What few containers ask for.
static inline int gantry_set_io_priority(int value) { return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, value); }
static inline int gantry_set_affinity(const void *mask, size_t length) { return (int)syscall(SYS_sched_setaffinity, 0, length, mask); }
static inline int gantry_personality(unsigned long persona) { return (int)syscall(SYS_personality, persona); }
static inline int gantry_set_mempolicy(int mode, const void *nodes, unsigned long bits) { return (int)syscall(SYS_set_mempolicy, mode, nodes, bits); }
static inline int gantry_join_session_keyring(const char *name) { return (int)syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name, 0, 0, 0); }
static inline int gantry_set_scheduler(uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority, uint64_t runtime, uint64_t deadline, uint64_t period) {
    struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; } attributes = {
        .size = 48, .policy = policy, .flags = flags, .nice = nice, .priority = priority, .runtime = runtime, .deadline = deadline, .period = period};
    return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
// Sets a limit of another process.
static inline int gantry_set_limit_of(int pid, int resource, uint64_t soft, uint64_t hard) {
    struct rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
    return (int)syscall(SYS_prlimit64, pid, resource, &limit, NULL);
}
// A process in a user namespace of its own, and in others that `flags` name, that does nothing until it is killed or its parent
// thread ends.
static inline int gantry_user_namespace_process(int *pidfd, uint64_t flags) {
    int pid = gantry_clone3(CLONE_NEWUSER | CLONE_PIDFD | flags, pidfd, SIGCHLD, 0);
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;) pause();
}
static inline const char *gantry_entry_name(const struct dirent *entry) { return entry->d_name; }
// Runs a program with three given standard streams, nothing else inherited, and default signals. Returns 0 or an errno.
static inline int gantry_spawn_program(const char *program, char *const argv[], char *const envp[], const int *streams, int search, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawnattr_init(&attributes);
    if (result != 0) { posix_spawn_file_actions_destroy(&actions); return result; }
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    for (int number = 0; number < 3 && result == 0; number++)
        result = posix_spawn_file_actions_adddup2(&actions, streams[number], number);
    if (result == 0) result = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (result == 0) result = (search ? posix_spawnp : posix_spawn)(pid, program, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}
