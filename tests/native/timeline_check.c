/* Feeds a timeline COUNT inferences after room for RESERVED, and prints what it kept. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "timeline.h"

static bool in_step(const timeline *t) {
  for (size_t i = 0; i < t->count; ++i) {
    const uint64_t number = i * t->stride;
    if (t->samples[i] != number + 1 || t->starts[i] != 1000 + 7 * number) {
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv) {
  const uint64_t count = argc > 2 ? strtoull(argv[1], NULL, 10) : 0;
  timeline t;
  if (argc != 3 || !timeline_reserve(&t, strtoull(argv[2], NULL, 10), true)) {
    return 1;
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!timeline_add(&t, 1000 + 7 * i, i + 1)) {
      return 1;
    }
  }
  printf("%zu|%" PRIu64 "|%" PRIu64 "|%s|%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", t.count, t.stride, t.seen,
         in_step(&t) ? "in step" : "mixed up", t.least_ns, t.longest_ns, t.total_ns);
  timeline_free(&t);
  return 0;
}
