#define _GNU_SOURCE
#include "dlc_executor.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// A phase's tasks are cut into pieces, at most `pieces_per_thread` for each thread. Every thread owns a run of
// neighbouring pieces, the same for every step, so that it finds in its cache what it wrote a step before. It takes
// half of what is left of its own run, again and again; then half of what is left of another's, from the other end.
// A thread that comes late, or is slowed by another process, is therefore never waited for beyond the pieces it holds.
enum {
    most_threads = 256,
    pieces_per_thread = 16,
    looks_before_yield = 2000, // some tens of microseconds
    yields_before_sleep = 500, // while a run goes on
};

// The gate of the pool: how many workers are at the current phase, whether more may come, whether the caller sleeps
// until they have left, and above these the number of the phase.
#define WORKERS 0xffffull
#define CLOSED 0x10000ull
#define CALLER_SLEEPS 0x20000ull
#define NEXT_PHASE 0x40000ull

/// A thread of the pool; the first is whoever calls `dlc_run`.
typedef struct {
    _Alignas(64) _Atomic uint64_t pieces; // those nobody has taken: the first in the low half, the end in the high one
    dlc_threads *pool;
    int32_t index;
    pthread_t handle;
    _Alignas(64) atomic_bool sleeps;
    pthread_mutex_t lock;
    pthread_cond_t wake;
} member;

struct dlc_threads {
    int32_t threads;
    atomic_int limit; // members from this index on take no part
    atomic_bool runs, ends;

    // The current phase; written while the gate is closed and nobody is inside.
    const dlc_step *step;
    int32_t phase;
    int32_t users;
    int64_t parts;

    _Alignas(64) _Atomic uint64_t gate;
    member members[];
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#if defined(__x86_64__)
static inline uint64_t arithmetic_state(void) { return __builtin_ia32_stmxcsr(); }
static inline void set_arithmetic_state(uint64_t state) { __builtin_ia32_ldmxcsr((unsigned)state); }
enum { flushing = 0x8000 | 0x40 }; // results to zero, operands as zeros
#elif defined(__aarch64__)
static inline uint64_t arithmetic_state(void) {
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
}
static inline void set_arithmetic_state(uint64_t state) { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
enum { flushing = 1 << 24 };
#else
static inline uint64_t arithmetic_state(void) { return 0; }
static inline void set_arithmetic_state(uint64_t state) { (void)state; }
enum { flushing = 0 };
#endif

static void run_tasks(const dlc_step *step, int32_t phase, int32_t thread, int64_t begin, int64_t end) {
    int64_t stride = (step->launch.scratch_bytes + 63) / 64 * 64;
    dlc_call call = {
        .params = step->params,
        .buffers = step->buffers,
        .shared = step->shared,
        .scratch = step->scratch ? (char *)step->scratch + stride * thread : NULL,
        .begin = begin,
        .end = end,
        .phase = phase,
    };
    if (!step->flushes) {
        step->launch.run(&call);
        return;
    }
    uint64_t before = arithmetic_state();
    set_arithmetic_state(before | flushing);
    step->launch.run(&call);
    set_arithmetic_state(before);
}

static inline uint64_t piece_range(int64_t begin, int64_t end) { return (uint64_t)begin | (uint64_t)end << 32; }

/// Runs half of the pieces that `owner` has left, for member `index`; false where none is left. Odd phases are walked
/// backwards: they begin with what the phase before has left in the cache.
static bool take(const dlc_threads *pool, member *owner, int32_t index) {
    uint64_t left = atomic_load_explicit(&owner->pieces, memory_order_relaxed), rest;
    int64_t begin, end;
    do {
        const int64_t first = left & 0xffffffff, last = left >> 32, count = (last - first + 1) / 2;
        if (first >= last) return false;
        const bool front = (owner->index == index) == (pool->phase % 2 == 0);
        begin = front ? first : last - count;
        end = begin + count;
        rest = front ? piece_range(end, last) : piece_range(first, begin);
    } while (!atomic_compare_exchange_weak_explicit(&owner->pieces, &left, rest, memory_order_relaxed, memory_order_relaxed));
    const int64_t whole = pool->step->launch.tasks / pool->parts, odd = pool->step->launch.tasks % pool->parts;
    run_tasks(pool->step, pool->phase, index, whole * begin + odd * begin / pool->parts, whole * end + odd * end / pool->parts);
    return true;
}

/// Takes pieces of the current phase until none is left, its own first. The caller closes the gate when it has found
/// none: a large pool's threads then need not look through all others.
static void take_part(dlc_threads *pool, int32_t index) {
    for (int32_t i = 0; i < pool->users; i++) {
        while (take(pool, &pool->members[(index + i) % pool->users], index)) {}
        if (atomic_load_explicit(&pool->gate, memory_order_relaxed) & CLOSED) return;
    }
}

/// Whether there is something for member `index` that came after gate `seen`.
static inline bool called(dlc_threads *pool, int32_t index, uint64_t seen) {
    return atomic_load_explicit(&pool->ends, memory_order_acquire) ||
           (atomic_load(&pool->gate) / NEXT_PHASE != seen / NEXT_PHASE &&
            index < atomic_load_explicit(&pool->limit, memory_order_relaxed));
}

/// Looks for a while, then sleeps until called.
static void await_call(dlc_threads *pool, member *me, uint64_t seen) {
    for (int look = 0; look < looks_before_yield; look++) {
        if (called(pool, me->index, seen)) return;
        relax();
    }
    for (int look = 0; look < yields_before_sleep && atomic_load_explicit(&pool->runs, memory_order_relaxed); look++) {
        if (called(pool, me->index, seen)) return;
        sched_yield();
    }
    pthread_mutex_lock(&me->lock);
    while (true) {
        atomic_store(&me->sleeps, true);
        if (called(pool, me->index, seen)) break;
        pthread_cond_wait(&me->wake, &me->lock);
    }
    atomic_store(&me->sleeps, false);
    pthread_mutex_unlock(&me->lock);
}

static void wake(member *sleeper) {
    pthread_mutex_lock(&sleeper->lock);
    atomic_store(&sleeper->sleeps, false); // once is enough, however long it takes to come
    pthread_mutex_unlock(&sleeper->lock);
    pthread_cond_signal(&sleeper->wake);
}

static void *work(void *argument) {
    member *me = argument;
    dlc_threads *pool = me->pool;
    uint64_t seen = 0;
    while (true) {
        await_call(pool, me, seen);
        if (atomic_load_explicit(&pool->ends, memory_order_acquire)) return NULL;
        uint64_t gate = atomic_load_explicit(&pool->gate, memory_order_relaxed);
        while (!(gate & CLOSED) &&
               !atomic_compare_exchange_weak_explicit(&pool->gate, &gate, gate + 1, memory_order_acquire, memory_order_relaxed)) {}
        seen = gate;
        if (gate & CLOSED) continue;
        if (me->index < pool->users) take_part(pool, me->index);
        gate = atomic_fetch_sub_explicit(&pool->gate, 1, memory_order_acq_rel);
        if ((gate & WORKERS) == 1 && (gate & CALLER_SLEEPS)) wake(&pool->members[0]);
    }
}

/// Closes the phase and waits for those who are still at it.
static void finish(dlc_threads *pool) {
    uint64_t gate = atomic_fetch_or_explicit(&pool->gate, CLOSED, memory_order_acq_rel);
    for (int look = 0; gate & WORKERS && look < looks_before_yield + yields_before_sleep; look++) {
        if (look < looks_before_yield) relax();
        else sched_yield();
        gate = atomic_load_explicit(&pool->gate, memory_order_acquire);
    }
    if (!(gate & WORKERS)) return;
    member *me = &pool->members[0];
    pthread_mutex_lock(&me->lock);
    atomic_fetch_or(&pool->gate, CALLER_SLEEPS);
    while (atomic_load(&pool->gate) & WORKERS) pthread_cond_wait(&me->wake, &me->lock);
    pthread_mutex_unlock(&me->lock);
}

static void run_together(dlc_threads *pool, const dlc_step *step, int32_t phase, int32_t threads) {
    int64_t tasks = step->launch.tasks, parts = (int64_t)threads * pieces_per_thread;
    int32_t users = tasks < threads ? (int32_t)tasks : threads;
    parts = tasks < parts ? tasks : parts;
    for (int32_t i = 0; i < users; i++)
        atomic_store_explicit(&pool->members[i].pieces, piece_range(parts * i / users, parts * (i + 1) / users),
                              memory_order_relaxed);
    pool->step = step;
    pool->phase = phase;
    pool->users = users;
    pool->parts = parts;
    uint64_t gate = atomic_load_explicit(&pool->gate, memory_order_relaxed);
    atomic_store(&pool->gate, (gate / NEXT_PHASE + 1) * NEXT_PHASE);
    for (int32_t i = 1; i < users; i++)
        if (atomic_load(&pool->members[i].sleeps)) wake(&pool->members[i]);
    take_part(pool, 0);
    finish(pool);
}

void dlc_run(dlc_threads *pool, const dlc_step *steps, int64_t count) {
    int32_t limit = pool ? atomic_load_explicit(&pool->limit, memory_order_relaxed) : 1;
    if (limit > 1) atomic_store_explicit(&pool->runs, true, memory_order_relaxed);
    for (int64_t i = 0; i < count; i++) {
        const dlc_step *step = &steps[i];
        if (step->launch.tasks < 1) continue;
        const int32_t threads = step->most_threads > 0 && step->most_threads < limit ? step->most_threads : limit;
        for (int32_t phase = 0; phase < step->launch.phases; phase++) {
            if (threads < 2 || step->launch.tasks < 2) run_tasks(step, phase, 0, 0, step->launch.tasks);
            else run_together(pool, step, phase, threads);
        }
    }
    if (limit > 1) atomic_store_explicit(&pool->runs, false, memory_order_relaxed);
}

dlc_threads *dlc_threads_create(int32_t threads) {
    if (threads < 2) return NULL;
    if (threads > most_threads) threads = most_threads;
    dlc_threads *pool = NULL;
    size_t bytes = sizeof *pool + (size_t)threads * sizeof(member);
    if (posix_memalign((void **)&pool, 64, bytes) != 0) return NULL;
    memset(pool, 0, bytes);
    pool->threads = threads;
    pool->limit = threads;
    pool->gate = CLOSED;
    for (int32_t i = 0; i < threads; i++) {
        member *each = &pool->members[i];
        each->pool = pool;
        each->index = i;
        pthread_mutex_init(&each->lock, NULL);
        pthread_cond_init(&each->wake, NULL);
    }
    for (int32_t i = 1; i < threads; i++)
        if (pthread_create(&pool->members[i].handle, NULL, work, &pool->members[i]) != 0) {
            pool->threads = i;
            dlc_threads_destroy(pool);
            return NULL;
        }
    return pool;
}

int32_t dlc_threads_count(const dlc_threads *pool) { return pool ? pool->threads : 1; }

void dlc_threads_limit(dlc_threads *pool, int32_t threads) {
    if (!pool) return;
    int32_t limit = threads < 1 ? 1 : threads < pool->threads ? threads : pool->threads;
    atomic_store_explicit(&pool->limit, limit, memory_order_relaxed);
}

void dlc_threads_destroy(dlc_threads *pool) {
    if (!pool) return;
    atomic_store(&pool->ends, true);
    for (int32_t i = 1; i < pool->threads; i++) wake(&pool->members[i]);
    for (int32_t i = 1; i < pool->threads; i++) pthread_join(pool->members[i].handle, NULL);
    for (int32_t i = 0; i < pool->threads; i++) {
        pthread_mutex_destroy(&pool->members[i].lock);
        pthread_cond_destroy(&pool->members[i].wake);
    }
    free(pool);
}
