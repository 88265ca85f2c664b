/// The pool of threads: every task of every phase runs once, after those of the phase before, for any numbers of
/// tasks, threads and processors; a limit holds; idle threads use no processor time. The quotas of control groups.
#include "dlc_executor.h"
#include "dlc_system.h"
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int failures;
#define EXPECT(condition, ...) ((condition) ? (void)0 : (atomic_fetch_add(&failures, 1), printf("FAILED " __VA_ARGS__), (void)putchar('\n')))

enum { most_tasks = 3000, phases = 4, threads_at_most = 7 };

/// One step's record: how often each task has run, and on how many threads.
typedef struct {
    _Atomic uint8_t runs[most_tasks];
    atomic_int done, early, users[threads_at_most];
} record;

static void count_tasks(const dlc_call *call) {
    record *r = call->shared;
    const dlc_launch *launch = call->params;
    if (atomic_load(&r->done) < call->phase * launch->tasks) atomic_fetch_add(&r->early, 1);
    for (int64_t task = call->begin; task < call->end; task++) {
        for (volatile int i = 0; i < 20 + 100 * (task % 7 == 0); i++) {}
        atomic_fetch_add(&r->runs[task], 1);
    }
    atomic_fetch_add(*(atomic_int **)call->scratch, 1);
    atomic_fetch_add(&r->done, (int)(call->end - call->begin));
}

/// Steps of random numbers of tasks on `threads`, with a limit that changes.
static void check_runs(int32_t threads, int rounds) {
    dlc_threads *pool = dlc_threads_create(threads);
    char *scratch = aligned(64 * threads_at_most);
    record *r = aligned(sizeof *r);
    for (int round = 0; round < rounds; round++) {
        memset(r, 0, sizeof *r);
        for (int t = 0; t < threads; t++) *(atomic_int **)(scratch + 64 * t) = &r->users[t];
        const int64_t tasks = round % 3 == 0 ? round % 40 : (round * 7919) % most_tasks;
        const int32_t limit = 1 + round / 5 % threads;
        dlc_step step = {.launch = {.run = count_tasks, .tasks = tasks, .phases = phases, .scratch_bytes = 8}, .scratch = scratch, .shared = r};
        step.params = &step.launch;
        step.most_threads = round % 4 == 0 ? 2 : 0;
        const int32_t most = step.most_threads > 0 && step.most_threads < limit ? step.most_threads : limit;
        dlc_threads_limit(pool, limit);
        dlc_run(pool, &step, 1);
        int wrong = 0;
        for (int64_t i = 0; i < most_tasks; i++) wrong += r->runs[i] != (i < tasks ? phases : 0);
        EXPECT(wrong == 0, "%d tasks of %lld ran another number of times, %d threads", wrong, (long long)tasks, threads);
        EXPECT(r->early == 0, "a phase of %lld tasks began early, %d threads", (long long)tasks, threads);
        for (int t = most; t < threads; t++) EXPECT(r->users[t] == 0, "thread %d worked at limit %d", t, most);
        if (round % 50 == 49) usleep(200);
    }
    free(r);
    free(scratch);
    dlc_threads_destroy(pool);
}

static void *check_pool_of_four(void *unused) {
    (void)unused;
    check_runs(4, 300);
    return NULL;
}

static void check_idle(void) {
    dlc_threads *pool = dlc_threads_create(4);
    check_runs(2, 10);
    usleep(20000);
    const int64_t start = dlc_processor_nanoseconds();
    usleep(500000);
    const double milliseconds = 1e-6 * (double)(dlc_processor_nanoseconds() - start);
    EXPECT(milliseconds < 2, "%.3f ms of processor time in half a second of rest", milliseconds);
    dlc_threads_destroy(pool);
}

static void put(const char *folder, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        mkdir(path, 0700);
    }
    FILE *file = fopen(path, "w");
    EXPECT(file, "cannot write %s", path);
    if (!file) return;
    fputs(text, file);
    fclose(file);
}

static void check_groups(void) {
    char folder[] = "/tmp/check_executor_XXXXXX", groups[600], command[600];
    if (!mkdtemp(folder)) {
        EXPECT(false, "no temporary folder");
        return;
    }
    put(folder, "v2/cpu.max", "max 100000\n");
    put(folder, "v2/a/cpu.max", "250000 100000\n");
    put(folder, "v2/a/b/cpu.max", "max 100000\n");
    put(folder, "v2/c/cpu.max", "50000 100000\n");
    put(folder, "v1/cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
    put(folder, "v1/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    put(folder, "v1/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
    put(folder, "v1/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    put(folder, "v1/unified/a/cpu.max", "100000 50000\n");
    static const struct { const char *mount, *memberships; int32_t expected; } cases[] = {
        {"v2", "0::/\n", 0},
        {"v2", "0::/a/b\n", 3},             // of the parent, 2.5 rounded up
        {"v2", "0::/c\n", 1},
        {"v2", "0::/../a\n", 0},            // outside of the namespace: the root alone
        {"v2", "0::/not/there\n", 0},
        {"v1", "4:memory:/a\n3:cpu,cpuacct:/a\n", 4},
        {"v1", "3:cpu,cpuacct:/docker/0123\n", 4}, // a container that sees its own group as the root
        {"v1", "3:cpuset:/a\n", 0},
        {"v1", "3:cpuacct,cpu:/a\n0::/a\n", 2}, // both versions
        {"v2", "", 0},
        {"v2", "nonsense\n:\n::\n0:\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char mount[600];
        put(folder, "groups", cases[i].memberships);
        snprintf(groups, sizeof groups, "%s/groups", folder);
        snprintf(mount, sizeof mount, "%s/%s", folder, cases[i].mount);
        const int32_t found = dlc_cgroup_processors(groups, mount);
        EXPECT(found == cases[i].expected, "control groups, case %zu: %d processors, expected %d", i, found, cases[i].expected);
    }
    EXPECT(dlc_cgroup_processors("/not/there", folder) == 0, "no file of memberships");
    snprintf(command, sizeof command, "rm -r %s", folder);
    EXPECT(system(command) == 0, "the temporary folder stays");
}

int main(void) {
    for (int32_t threads = 1; threads <= threads_at_most; threads++) check_runs(threads, 400);
    pthread_t others[3];
    for (int i = 0; i < 3; i++) pthread_create(&others[i], NULL, check_pool_of_four, NULL);
    for (int i = 0; i < 3; i++) pthread_join(others[i], NULL);
    check_idle();
    check_groups();
    printf("executor: %d failures\n", failures);
    return failures != 0;
}
