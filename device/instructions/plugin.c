/* Counts the instructions that an emulated A64 processor executes, by what they do.
 *
 * The counts are in a file that the emulated program maps too, so that it can read them without a system
 * call.  They go up by whole translation blocks, when a block begins: a window between two reads is exact
 * but for a constant, which the reader takes off. */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "counter_file.h"
#include "qemu_plugin.h"

EXPORTED int qemu_plugin_version = QEMU_PLUGIN_API;

static counters *g_counters;

/* The main encoding groups of A64: bits 28 to 25 (Arm Architecture Reference Manual, C4.1). */
static int class_of(uint32_t instruction) {
  const uint32_t group = instruction >> 25 & 15;
  if ((group & 7) == 7) {
    return CLASS_VECTOR;
  }
  if ((group & 5) == 4) {
    return CLASS_MEMORY;
  }
  return (group & 14) == 10 ? CLASS_BRANCH : CLASS_OTHER;
}

static void count(qemu_plugin_id id, qemu_plugin_tb *block) {
  uint64_t found[CLASS_COUNT] = {0};
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    uint32_t instruction;
    memcpy(&instruction, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, i)), sizeof(instruction));
    ++found[class_of(instruction)];
  }
  for (int i = 0; i < CLASS_COUNT; ++i) {
    if (found[i] > 0) {
      qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &g_counters->executed[i], found[i]);
    }
  }
}

static counters *map_counters(void) {
  const char *path = getenv(COUNTERS_VARIABLE);
  const int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0 || ftruncate(file, sizeof(counters)) != 0) {
    return NULL;
  }
  void *mapped = mmap(NULL, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? NULL : mapped;
}

/* One core, wherever we are: threads that wait for each other then execute the same every time. */
static bool pin_here(void) {
  const int core = sched_getcpu();
  cpu_set_t one;
  CPU_ZERO(&one);
  if (core < 0 || core >= CPU_SETSIZE) {
    return false;
  }
  CPU_SET((size_t)core, &one);
  return sched_setaffinity(0, sizeof(one), &one) == 0;
}

EXPORTED int qemu_plugin_install(qemu_plugin_id id, const qemu_info *info, int argc, char **argv) {
  (void)info;
  (void)argc;
  (void)argv;
  g_counters = map_counters();
  if (g_counters == NULL) {
    fprintf(stderr, "No file for the counters in $" COUNTERS_VARIABLE "\n");
    return -1;
  }
  if (!pin_here()) {
    fprintf(stderr, "Cannot stay on one core\n");
    return -1;
  }
  memset(g_counters, 0, sizeof(*g_counters));
  g_counters->mark = COUNTERS_MARK;
  qemu_plugin_register_vcpu_tb_trans_cb(id, count);
  return 0;
}
