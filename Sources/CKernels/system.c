#define _GNU_SOURCE
#include "dlc_system.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#else
#include <sys/resource.h>
#endif

enum { longest_path = 4096 };

/// Reads up to two numbers from a file of a control group; how many there were.
static int read_numbers(const char *folder, const char *name, long long *first, long long *second) {
    char path[longest_path];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = length > 0 && length < longest_path ? fopen(path, "r") : NULL;
    if (!file) return 0;
    const int count = fscanf(file, "%lld %lld", first, second);
    fclose(file);
    return count < 0 ? 0 : count;
}

/// The quota of one control group in processors, rounded up; 0 where it has none.
static int32_t group_quota(const char *folder, bool version_2) {
    long long limit = 0, period = 0, unused;
    const bool known = version_2 ? read_numbers(folder, "cpu.max", &limit, &period) == 2
                                 : read_numbers(folder, "cpu.cfs_quota_us", &limit, &unused) == 1 &&
                                       read_numbers(folder, "cpu.cfs_period_us", &period, &unused) == 1;
    if (!known || limit <= 0 || period <= 0) return 0;
    const long long processors = limit / period + (limit % period != 0);
    return processors < INT32_MAX ? (int32_t)processors : INT32_MAX;
}

static int32_t lesser_quota(int32_t a, int32_t b) { return a == 0 || (b > 0 && b < a) ? b : a; }

/// The least quota of the group at `group` (which begins with '/') and of its parents up to the root. A group that
/// does not lie under the mount, as seen from inside a container, leaves the root, which is then the container's own.
static int32_t least_quota(const char *root, const char *group, bool version_2) {
    char folder[longest_path];
    const size_t start = strlen(root);
    const int length = snprintf(folder, sizeof folder, "%s%s", root, strstr(group, "/..") ? "" : group);
    if (length < 0 || length >= longest_path) return 0;
    int32_t least = 0;
    while (true) {
        least = lesser_quota(least, group_quota(folder, version_2));
        if (strlen(folder) <= start) return least;
        *strrchr(folder, '/') = 0;
    }
}

/// Whether the comma-separated list of controllers names `cpu`.
static bool has_cpu(const char *controllers) {
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, "cpu", 3) == 0 && (at[3] == 0 || at[3] == ',')) return true;
    }
    return false;
}

int32_t dlc_cgroup_processors(const char *memberships, const char *mount) {
    FILE *file = fopen(memberships, "r");
    if (!file) return 0;
    static const char *const folders_1[] = {"cpu", "cpu,cpuacct", "cpuacct,cpu"}, *const folders_2[] = {"", "unified"};
    char line[longest_path];
    int32_t least = 0;
    while (fgets(line, sizeof line, file)) {
        // number:controllers:group, without controllers in version 2
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group || group[1] != '/') continue;
        *group++ = 0;
        const bool version_2 = *++controllers == 0;
        if (!version_2 && !has_cpu(controllers)) continue;
        for (size_t i = 0; i < (version_2 ? sizeof folders_2 : sizeof folders_1) / sizeof *folders_1; i++) {
            char root[longest_path];
            const char *folder = version_2 ? folders_2[i] : folders_1[i];
            const int length = snprintf(root, sizeof root, "%s%s%s", mount, *folder ? "/" : "", folder);
            if (length > 0 && length < longest_path) least = lesser_quota(least, least_quota(root, group, version_2));
        }
    }
    fclose(file);
    return least;
}

int32_t dlc_available_processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    int32_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int32_t limit = dlc_cgroup_processors("/proc/self/cgroup", "/sys/fs/cgroup");
    if (limit > 0 && limit < count) count = limit;
    return count < 1 ? 1 : count;
#else
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (int32_t)count;
#endif
}

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t dlc_nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }

int64_t dlc_processor_nanoseconds(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

int64_t dlc_peak_resident_bytes(void) {
#if defined(__linux__)
    FILE *file = fopen("/proc/self/status", "r");
    if (!file) return 0;
    char line[256];
    long long kilobytes = 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lld", &kilobytes) == 1) break;
    fclose(file);
    return kilobytes * 1024;
#else
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss : 0;
#endif
}

typedef struct {
    void (*body)(void *);
    void *context;
} call;

static void *run_call(void *argument) {
    const call *wanted = argument;
    wanted->body(wanted->context);
    return NULL;
}

bool dlc_call_on_stack(int64_t stack_bytes, void (*body)(void *), void *context) {
    pthread_attr_t attributes;
    pthread_t thread;
    call wanted = {body, context};
    if (stack_bytes <= 0 || pthread_attr_init(&attributes) != 0) return false;
    const bool runs = pthread_attr_setstacksize(&attributes, (size_t)stack_bytes) == 0 &&
                      pthread_create(&thread, &attributes, run_call, &wanted) == 0;
    pthread_attr_destroy(&attributes);
    return runs && pthread_join(thread, NULL) == 0;
}
