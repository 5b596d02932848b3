#include "platform.h"

#include "measure.h"

#include <stdio.h>

#include "counter.h"
#include "pace.h"
#include "stop.h"

/* One inference of a loop, unless this process was asked to stop. */
static bool run_one(session *s, oh_ai_callback before, oh_ai_callback after, uint64_t *elapsed) {
  if (stop_asked() != 0) {
    return fail(&s->why, "stop", -1, "Stopped by signal %d", stop_asked());
  }
  counter_begin();
  if (!session_predict(s, before, after, elapsed)) {
    return false;
  }
  counter_end();
  ++s->said.done;
  progress_tell(&s->said, s->start_ns + *elapsed);
  return true;
}

bool measure_warm_up(session *s) {
  uint64_t elapsed = 0;
  printf("Running warm up loops...\n");
  progress_begin(&s->said, "warm-up");
  for (int i = 0; i < s->opt->warm_up_loop_count; ++i) {
    if (!run_one(s, NULL, NULL, &elapsed)) {
      return false;
    }
  }
  return true;
}

bool measure_reserve(session *s, size_t count) {
  return (timeline_reserve(&s->times, count, options_timestamps(s->opt)) ||
          fail(&s->why, "input", -1, "Out of memory for %zu samples", count)) &&
         counter_reserve(count, &s->why);
}

void measure_begin(session *s) {
  printf("Running benchmark loops...\n");
  progress_begin(&s->said, "benchmark");
}

bool measure_once(session *s) {
  const bool profiling = s->opt->time_profiling;
  uint64_t elapsed = 0;
  if (!run_one(s, profiling ? profile_before : NULL, profiling ? profile_after : NULL, &elapsed)) {
    return false;
  }
  counter_keep();
  return timeline_add(&s->times, s->start_ns, elapsed) ||
         fail(&s->why, "predict", -1, "Out of memory for more samples");
}

bool measure_run(session *s) {
  const options *opt = s->opt;
  const uint64_t loops = (uint64_t)opt->loop_count;
  pace rhythm = {(uint64_t)(opt->interval_ms * 1e6), 0, 0};
  const uint64_t duration_ns = (uint64_t)(opt->duration_s * 1e9);
  if (!measure_reserve(s, loops) || !measure_warm_up(s)) {
    return false;
  }
  measure_begin(s);
  do {
    pace_wait(&rhythm, &s->said);
    s->late = rhythm.late;
    if (!measure_once(s)) {
      return false;
    }
  } while (s->times.seen < loops || timeline_span_ns(&s->times) < duration_ns);
  return true;
}
