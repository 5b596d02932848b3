#include "random.h"

enum { N = 624, M = 397 };

void twister_seed(twister *t, uint32_t seed) {
  t->state[0] = seed;
  for (uint32_t i = 1; i < N; ++i) {
    const uint32_t before = t->state[i - 1];
    t->state[i] = UINT32_C(1812433253) * (before ^ (before >> 30)) + i;
  }
  t->next = N;
}

static void renew(twister *t) {
  for (size_t i = 0; i < N; ++i) {
    const uint32_t joined = (t->state[i] & UINT32_C(0x80000000)) | (t->state[(i + 1) % N] & UINT32_C(0x7FFFFFFF));
    t->state[i] = t->state[(i + M) % N] ^ (joined >> 1) ^ ((joined & 1) != 0 ? UINT32_C(0x9908B0DF) : 0);
  }
  t->next = 0;
}

uint32_t twister_draw(twister *t) {
  if (t->next == N) {
    renew(t);
  }
  uint32_t value = t->state[t->next++];
  value ^= value >> 11;
  value ^= (value << 7) & UINT32_C(0x9D2C5680);
  value ^= (value << 15) & UINT32_C(0xEFC60000);
  return value ^ (value >> 18);
}
