/* Executes a known number of instructions of each class between two reads of the counters. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "counter.h"

/* 4 instructions a round: one of each class; and 2 to begin with, of the class "other". */
static void work(uint64_t rounds) {
#if defined(__aarch64__)
  uint64_t value = 0;
  __asm__ volatile(
    "mov x9, %0\n"
    "mov x10, %1\n"
    "1: fadd v0.4s, v0.4s, v0.4s\n"
    "ldr x11, [x10]\n"
    "sub x9, x9, #1\n"
    "cbnz x9, 1b\n"
    :
    : "r"(rounds), "r"(&value)
    : "x9", "x10", "x11", "v0", "memory");
#else
  (void)rounds;
#endif
}

int main(int argc, char **argv) {
  failure why = {0};
  const uint64_t rounds = strtoull(argc > 1 ? argv[1] : "1", NULL, 10);
  if (!counter_reserve(1, &why)) {
    printf("%s\n", why.message);
    return 1;
  }
  for (int i = 0; i < 3; ++i) {
    instructions found = {{0}};
    const instructions start = counter_read();
    work(rounds);
    counter_add_since(&start, &found);
    for (int kind = 0; kind < CLASS_COUNT; ++kind) {
      printf("%" PRIu64 "%c", found.executed[kind], kind + 1 < CLASS_COUNT ? ' ' : '\n');
    }
  }
  return 0;
}
