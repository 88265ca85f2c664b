/// What the pool of threads costs: a phase without work, phases of tasks of one microsecond, and a run that finds
/// every thread asleep.
#include "dlc_executor.h"
#include "dlc_system.h"
#include "harness.h"

#include <unistd.h>

static void nothing(const dlc_call *call) { (void)call; }

/// One microsecond a task.
static void spin(const dlc_call *call) {
    for (int64_t task = call->begin; task < call->end; task++)
        for (const int64_t end = dlc_nanoseconds() + 1000; dlc_nanoseconds() < end;) {}
}

static double best_run(dlc_threads *pool, const dlc_step *step, int repeats) {
    double best = 1e9;
    for (int i = 0; i < repeats; i++) {
        double t = seconds();
        dlc_run(pool, step, 1);
        t = seconds() - t;
        if (t < best) best = t;
    }
    return best;
}

int main(void) {
    const int32_t most = dlc_available_processors() < 2 ? 2 : dlc_available_processors();
    printf("threads  ns per empty phase  64 tasks of 1 us: us  speed of one thread  after 1 ms asleep: us\n");
    double alone = 0;
    for (int32_t threads = 1; threads <= most; threads++) {
        dlc_threads *pool = dlc_threads_create(threads);
        const dlc_step empty = {.launch = {.run = nothing, .tasks = 64, .phases = 20000}};
        const dlc_step short_tasks = {.launch = {.run = spin, .tasks = 64, .phases = 1}};
        const double phase = best_run(pool, &empty, 10) / 20000, run = best_run(pool, &short_tasks, 2000);
        double asleep = 0;
        for (int i = 0; i < 20; i++) {
            usleep(1000);
            asleep += best_run(pool, &short_tasks, 1) / 20;
        }
        if (threads == 1) alone = run;
        printf("%7d  %18.0f  %20.1f  %19.2f  %22.1f\n", threads, 1e9 * phase, 1e6 * run, alone / run, 1e6 * asleep);
        dlc_threads_destroy(pool);
    }
    return 0;
}
