#define _GNU_SOURCE
#include "dlc_executor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#else
#include <sys/resource.h>
#endif

enum { most_threads = 256, looks_before_sleep = 2000 };

struct dlc_threads {
    int32_t threads;
    pthread_t handles[most_threads];
    struct worker {
        dlc_threads *pool;
        int32_t index;
    } workers[most_threads];

    const dlc_step *step;
    int32_t phase;
    // Each job raises `job`; each worker raises `done` when its share of the job has ended.
    _Alignas(64) atomic_uint job;
    _Alignas(64) atomic_int done;
    atomic_int sleepers;
    atomic_bool ends;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// The share of `phase` that falls to thread `index` of `threads`.
static void run_share(const dlc_step *step, int32_t phase, int32_t index, int32_t threads) {
    int64_t tasks = step->launch.tasks;
    int64_t begin = tasks * index / threads, end = tasks * (index + 1) / threads;
    if (begin == end) return;
    int64_t stride = (step->launch.scratch_bytes + 63) / 64 * 64;
    dlc_call call = {
        .params = step->params,
        .buffers = step->buffers,
        .shared = step->shared,
        .scratch = step->scratch ? (char *)step->scratch + stride * index : NULL,
        .begin = begin,
        .end = end,
        .phase = phase,
    };
    step->launch.run(&call);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    dlc_threads *pool = worker->pool;
    unsigned seen = 0;
    for (;;) {
        unsigned job = atomic_load_explicit(&pool->job, memory_order_acquire);
        for (int look = 0; job == seen && look < looks_before_sleep; look++) {
            relax();
            job = atomic_load_explicit(&pool->job, memory_order_acquire);
        }
        if (job == seen) {
            pthread_mutex_lock(&pool->lock);
            atomic_fetch_add(&pool->sleepers, 1);
            while ((job = atomic_load(&pool->job)) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
            atomic_fetch_sub(&pool->sleepers, 1);
            pthread_mutex_unlock(&pool->lock);
        }
        seen = job;
        if (atomic_load_explicit(&pool->ends, memory_order_acquire)) return NULL;
        run_share(pool->step, pool->phase, worker->index, pool->threads);
        atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
    }
}

static void announce(dlc_threads *pool) {
    atomic_fetch_add(&pool->job, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
}

dlc_threads *dlc_threads_create(int32_t threads) {
    if (threads < 2) return NULL;
    if (threads > most_threads) threads = most_threads;
    dlc_threads *pool = NULL;
    if (posix_memalign((void **)&pool, 64, sizeof *pool) != 0) return NULL;
    memset(pool, 0, sizeof *pool);
    pool->threads = threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (int32_t i = 1; i < threads; i++) {
        pool->workers[i] = (struct worker){pool, i};
        if (pthread_create(&pool->handles[i], NULL, work, &pool->workers[i]) != 0) {
            pool->threads = i;
            dlc_threads_destroy(pool);
            return NULL;
        }
    }
    return pool;
}

void dlc_threads_destroy(dlc_threads *pool) {
    if (!pool) return;
    atomic_store(&pool->ends, true);
    announce(pool);
    for (int32_t i = 1; i < pool->threads; i++) pthread_join(pool->handles[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->wake);
    free(pool);
}

void dlc_run(dlc_threads *pool, const dlc_step *steps, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const dlc_step *step = &steps[i];
        for (int32_t phase = 0; phase < step->launch.phases; phase++) {
            if (!pool || step->launch.tasks < 2) {
                run_share(step, phase, 0, 1);
                continue;
            }
            pool->step = step;
            pool->phase = phase;
            atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
            announce(pool);
            run_share(step, phase, 0, pool->threads);
            int others = pool->threads - 1;
            for (int64_t look = 0; atomic_load_explicit(&pool->done, memory_order_acquire) != others; look++) {
                if (look < looks_before_sleep * 16) relax();
                else sched_yield();
            }
        }
    }
}

#if defined(__linux__)
/// The quota of the control group in processors, or 0 where there is none.
static int32_t quota(void) {
    long long limit = 0, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file) {
        int fields = fscanf(file, "%lld %lld", &limit, &period);
        fclose(file);
        if (fields == 2 && limit > 0 && period > 0) return (int32_t)((limit + period - 1) / period);
        return 0;
    }
    file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r");
    if (!file) return 0;
    int known = fscanf(file, "%lld", &limit) == 1;
    fclose(file);
    file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r");
    if (!file) return 0;
    known &= fscanf(file, "%lld", &period) == 1;
    fclose(file);
    return known && limit > 0 && period > 0 ? (int32_t)((limit + period - 1) / period) : 0;
}
#endif

int32_t dlc_available_processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    int32_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int32_t limit = quota();
    if (limit > 0 && limit < count) count = limit;
    return count < 1 ? 1 : count;
#else
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (int32_t)count;
#endif
}

int64_t dlc_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

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
