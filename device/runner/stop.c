#include "platform.h"

#include "stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

enum { SIGNALS = 2 };

static const int kSignals[SIGNALS] = {SIGTERM, SIGINT};
static struct sigaction g_before[SIGNALS];
static volatile sig_atomic_t g_asked;

static void on_signal(int number) { g_asked = number; }

void stop_listen(void) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;
  g_asked = 0;
  for (size_t i = 0; i < SIGNALS; ++i) {
    sigaction(kSignals[i], &action, &g_before[i]);
  }
}

void stop_forget(void) {
  for (size_t i = 0; i < SIGNALS; ++i) {
    sigaction(kSignals[i], &g_before[i], NULL);
  }
}

int stop_asked(void) { return g_asked; }
