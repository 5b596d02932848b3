/* MT19937 (Matsumoto and Nishimura, 1998), so that every device draws the same numbers. */
#ifndef DEVICE_RUNNER_RANDOM_H_
#define DEVICE_RUNNER_RANDOM_H_

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t state[624];
  size_t next;
} twister;

void twister_seed(twister *t, uint32_t seed);
uint32_t twister_draw(twister *t);

#endif /* DEVICE_RUNNER_RANDOM_H_ */
