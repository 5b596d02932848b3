/* Prints the CPU features that a program sees, by the names of /proc/cpuinfo: the host's own file is what an
 * emulated program would read there. */
#include <stdio.h>
#include <sys/auxv.h>

typedef struct {
  unsigned long bit;
  const char *name;
} feature;

static const feature k_first[] = {
  {HWCAP_FP, "fp"},           {HWCAP_ASIMD, "asimd"},     {HWCAP_AES, "aes"},         {HWCAP_PMULL, "pmull"},
  {HWCAP_SHA1, "sha1"},       {HWCAP_SHA2, "sha2"},       {HWCAP_CRC32, "crc32"},     {HWCAP_ATOMICS, "atomics"},
  {HWCAP_FPHP, "fphp"},       {HWCAP_ASIMDHP, "asimdhp"}, {HWCAP_ASIMDRDM, "asimdrdm"}, {HWCAP_LRCPC, "lrcpc"},
  {HWCAP_DCPOP, "dcpop"},     {HWCAP_ASIMDDP, "asimddp"}, {HWCAP_SVE, "sve"},         {HWCAP_ASIMDFHM, "asimdfhm"},
};

static const feature k_second[] = {{HWCAP2_SVE2, "sve2"}, {HWCAP2_I8MM, "i8mm"}, {HWCAP2_BF16, "bf16"}};

static void print(const feature *known, size_t count, unsigned long has) {
  for (size_t i = 0; i < count; ++i) {
    if ((has & known[i].bit) != 0) {
      printf("%s ", known[i].name);
    }
  }
}

int main(void) {
  print(k_first, sizeof(k_first) / sizeof(k_first[0]), getauxval(AT_HWCAP));
  print(k_second, sizeof(k_second) / sizeof(k_second[0]), getauxval(AT_HWCAP2));
  printf("\n");
  return 0;
}
