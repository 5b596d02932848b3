#include "platform.h"

#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool measure_warm_up(session *s) {
  uint64_t elapsed = 0;
  printf("Running warm up loops...\n");
  for (int i = 0; i < s->opt->warm_up_loop_count; ++i) {
    if (!session_predict(s, NULL, NULL, &elapsed)) {
      return false;
    }
  }
  return true;
}

bool measure_reserve(session *s, size_t count) {
  s->samples = malloc(count * sizeof(*s->samples));
  if (s->samples == NULL) {
    return fail(&s->why, "input", -1, "Out of memory for %zu samples", count);
  }
  memset(s->samples, 0, count * sizeof(*s->samples)); /* touches the pages now, not while timing */
  return true;
}

bool measure_once(session *s) {
  const bool profiling = s->opt->time_profiling;
  if (!session_predict(s, profiling ? profile_before : NULL, profiling ? profile_after : NULL,
                       &s->samples[s->sample_count])) {
    return false;
  }
  ++s->sample_count;
  return true;
}

bool measure_run(session *s) {
  const size_t loops = (size_t)s->opt->loop_count;
  if (!measure_reserve(s, loops) || !measure_warm_up(s)) {
    return false;
  }
  printf("Running benchmark loops...\n");
  for (size_t i = 0; i < loops; ++i) {
    if (!measure_once(s)) {
      return false;
    }
  }
  return true;
}
