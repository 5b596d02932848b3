#include "platform.h"

#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "process.h"

static const uint64_t kPeriodNs = UINT64_C(2000000000);

void progress_begin(progress *p, const char *what) {
  p->what = what;
  p->done = 0;
  p->begin_ns = now_ns();
  p->told_ns = p->begin_ns;
}

uint64_t progress_due_ns(const progress *p) { return p->told_ns + kPeriodNs; }

void progress_tell(progress *p, uint64_t now) {
  if (now < progress_due_ns(p)) {
    return;
  }
  p->told_ns = now;
  printf("Progress: %s, %" PRIu64 " inferences in %.1f s\n", p->what, p->done, (double)(now - p->begin_ns) / 1e9);
}
