#include "platform.h"

#include "pace.h"

#include "process.h"
#include "stop.h"

/* Says now and then that it waits: an interval may be longer than a listener's patience. */
static void sleep_until(uint64_t due, progress *said) {
  uint64_t now = now_ns();
  while (now < due && !stop_asked()) {
    const uint64_t next = progress_due_ns(said);
    sleep_until_ns(next < due ? next : due);
    now = now_ns();
    progress_tell(said, now);
  }
}

void pace_wait(pace *p, progress *said) {
  if (p->interval_ns == 0) {
    return;
  }
  const uint64_t now = now_ns();
  if (p->due_ns == 0) {
    p->due_ns = now;
  } else if (now > p->due_ns) {
    ++p->late;
  } else {
    sleep_until(p->due_ns, said);
  }
  p->due_ns += p->interval_ns;
}
