// A disk that fails when it is told to: stands before the system's write and sync calls of one process.
// LIANQIAO_FAULT_FILE holds "sync" (syncs fail with EIO) or "full" (writes fail with ENOSPC); without the
// file everything works. Only files below LIANQIAO_FAULT_DIRECTORY are concerned, so logs go on.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int fault_is(const char *word) {
    const char *file = getenv("LIANQIAO_FAULT_FILE");
    if (!file) return 0;
    int saved = errno;
    int descriptor = open(file, O_RDONLY | O_CLOEXEC);
    char text[8] = {0};
    if (descriptor >= 0) {
        if (read(descriptor, text, sizeof text - 1) < 0) text[0] = 0;
        close(descriptor);
    }
    errno = saved;
    return strncmp(text, word, strlen(word)) == 0;
}

static int is_concerned(int descriptor) {
    const char *directory = getenv("LIANQIAO_FAULT_DIRECTORY");
    char link[64], path[PATH_MAX];
    if (!directory) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int saved = errno;
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, directory, strlen(directory)) == 0;
}

#define FAIL_IF(word, number, descriptor)                       \
    if (fault_is(word) && is_concerned(descriptor)) {           \
        errno = number;                                         \
        return -1;                                              \
    }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int descriptor) {
    FAIL_IF("sync", EIO, descriptor)
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    FAIL_IF("sync", EIO, descriptor)
    return REAL(fdatasync)(descriptor);
}

int sync_file_range(int descriptor, off64_t offset, off64_t bytes, unsigned int flags) {
    FAIL_IF("sync", EIO, descriptor)
    return REAL(sync_file_range)(descriptor, offset, bytes, flags);
}

ssize_t write(int descriptor, const void *data, size_t bytes) {
    FAIL_IF("full", ENOSPC, descriptor)
    return REAL(write)(descriptor, data, bytes);
}

ssize_t pwrite(int descriptor, const void *data, size_t bytes, off_t offset) {
    FAIL_IF("full", ENOSPC, descriptor)
    return REAL(pwrite)(descriptor, data, bytes, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t bytes, off64_t offset) {
    FAIL_IF("full", ENOSPC, descriptor)
    return REAL(pwrite64)(descriptor, data, bytes, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    FAIL_IF("full", ENOSPC, descriptor)
    return REAL(writev)(descriptor, parts, count);
}

int fallocate(int descriptor, int mode, off_t offset, off_t bytes) {
    FAIL_IF("full", ENOSPC, descriptor)
    return REAL(fallocate)(descriptor, mode, offset, bytes);
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t bytes) {
    FAIL_IF("full", ENOSPC, descriptor)
    return REAL(fallocate64)(descriptor, mode, offset, bytes);
}
