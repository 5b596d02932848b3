/* SHA-256 (FIPS 180-4) of files, so that what came over a cable is known to be whole. */
#ifndef BENCH_APP_SHA256_H_
#define BENCH_APP_SHA256_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_TEXT = 65 }; /* 64 hexadecimal digits and the final NUL */

typedef struct {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  uint8_t block[64];
} sha256;

void sha256_begin(sha256 *hash);
void sha256_add(sha256 *hash, const void *data, size_t size);

/* Lower-case digits. */
void sha256_end(sha256 *hash, char text[SHA256_TEXT]);

/* The hash of a file's content and its bytes.  False with errno set when it cannot be read. */
bool sha256_file(const char *path, char text[SHA256_TEXT], uint64_t *size);

/* Whether a text is a hash as sha256_end writes it. */
bool sha256_is_text(const char *text);

#endif /* BENCH_APP_SHA256_H_ */
