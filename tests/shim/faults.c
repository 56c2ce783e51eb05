/* Stands between a program and the C library (LD_PRELOAD), and lets its disk and its clock fail as a file says.
 *
 * The file is named by BREAKGLASS_FAULTS and holds five 64-bit integers: milliseconds by which the clock is off, the errno of every
 * write, the errno of every sync, milliseconds that every sync takes longer, and, counted by this shim, the syncs so far.
 * Only regular files fail: pipes and sockets go on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK, WRITE, SYNC, SLOW, COUNT, FIELDS };

static _Atomic int64_t *faults;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BREAKGLASS_FAULTS");
    if (!path) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *map = mmap(NULL, FIELDS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    close(fd);
    faults = map;
}

static int64_t fault(int field) { return faults ? atomic_load(&faults[field]) : 0; }

static int is_file(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static int fails(int fd, int field) {
    int64_t code = fault(field);
    if (!code || !is_file(fd)) return 0;
    errno = (int)code;
    return 1;
}

static int sync_with(int fd, long number) {
    if (is_file(fd)) {
        if (faults) atomic_fetch_add(&faults[COUNT], 1);
        int64_t millis = fault(SLOW);
        if (millis) {
            struct timespec time = {millis / 1000, millis % 1000 * 1000000};
            syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL);
        }
    }
    if (fails(fd, SYNC)) return -1;
    return (int)syscall(number, fd);
}

int fsync(int fd) { return sync_with(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_with(fd, SYS_fdatasync); }

ssize_t write(int fd, const void *bytes, size_t count) {
    return fails(fd, WRITE) ? -1 : syscall(SYS_write, fd, bytes, count);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    return fails(fd, WRITE) ? -1 : syscall(SYS_pwrite64, fd, bytes, count, offset);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return pwrite64(fd, bytes, count, offset);
}
int ftruncate64(int fd, off64_t length) {
    return fails(fd, WRITE) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) {
        int64_t millis = fault(CLOCK);
        int64_t nanos = time->tv_nsec + millis % 1000 * 1000000;
        time->tv_sec += millis / 1000;
        if (nanos < 0) { nanos += 1000000000; time->tv_sec -= 1; }
        if (nanos >= 1000000000) { nanos -= 1000000000; time->tv_sec += 1; }
        time->tv_nsec = nanos;
    }
    return result;
}
