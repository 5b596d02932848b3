#include "platform.h"

#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "list.h"

static const double kNsPerMs = 1e6;

/* The dimensions as they were asked for: numbers after the last colon of each part. */
static void report_resize(const options *opt) {
  const bool named = opt->input_shape[0] != '\0';
  string_list parts;
  if (string_list_split(&parts, named ? opt->input_shape : opt->input_shapes, named ? ";" : ":")) {
    for (size_t i = 0; i < parts.count; ++i) {
      const char *colon = strrchr(parts.items[i], ':');
      printf("Resize Dims: ");
      for (const char *c = colon != NULL ? colon + 1 : parts.items[i]; *c != '\0'; ++c) {
        putchar(*c == ',' ? ' ' : *c);
      }
      printf(" \n");
    }
  }
  string_list_free(&parts);
}

void report_options(const options *opt) {
  static const char *const kBindModes[] = {"NO_BIND", "HIGHER_CPU", "MID_CPU"};
  printf("ModelPath = %s\n", opt->model_file);
  printf("ModelType = %s\n", opt->model_type);
  printf("InDataPath = %s\n", opt->in_data_file);
  printf("GroupInfoFile = \n");
  printf("ConfigFilePath = %s\n", opt->config_file);
  printf("InDataType = bin\n");
  printf("LoopCount = %d\n", opt->loop_count);
  printf("DeviceType = %s\n", opt->device);
  printf("AccuracyThreshold = %g\n", opt->accuracy_threshold);
  printf("CosineDistanceThreshold = %g\n", opt->cosine_distance_threshold);
  printf("WarmUpLoopCount = %d\n", opt->warm_up_loop_count);
  printf("NumThreads = %d\n", opt->num_threads);
  printf("InterOpParallelNum = 1\n");
  printf("Fp16Priority = %d\n", opt->enable_fp16);
  printf("EnableParallel = %d\n", opt->enable_parallel);
  printf("calibDataPath = %s\n", opt->benchmark_data_file);
  printf("EnableGLTexture = 0\n");
  if (opt->cpu_bind_mode >= 0 && opt->cpu_bind_mode <= 2) {
    printf("cpuBindMode = %s\n", kBindModes[opt->cpu_bind_mode]);
  }
  if (opt->benchmark_data_file[0] != '\0') {
    printf("CalibDataType = %s\n", opt->benchmark_data_type);
  }
  report_resize(opt);
  if (opt->core_count > 0) {
    printf("core list: ");
    for (size_t i = 0; i < opt->core_count; ++i) {
      printf("%d ", (int)opt->core_list[i]);
    }
    printf("\n");
  }
}

void report_build_failed(const options *opt) {
  printf("ms_model_.Build failed while running %s\n", options_model_name(opt));
}

void report_prepared(uint64_t load_ns) { printf("PrepareTime = %g ms\n", (double)load_ns / kNsPerMs); }

void report_times(const options *opt, const timeline *times) {
  printf("Model = %s, NumThreads = %d, MinRunTime = %f ms, MaxRuntime = %f ms, AvgRunTime = %f ms\n",
         options_model_name(opt), opt->num_threads, (double)times->least_ns / kNsPerMs,
         (double)times->longest_ns / kNsPerMs, (double)times->total_ns / (double)times->seen / kNsPerMs);
}

enum { COLUMNS = 5, CELL = 64, SEPARATOR = 73 };

/* Cells after the name: average per loop, fraction of the whole, calls, total. */
static void format_cells(char cells[COLUMNS][CELL], const profile_row *row, uint64_t whole, uint64_t loops) {
  snprintf(cells[1], CELL, "%f", (double)row->total_ns / kNsPerMs / (double)loops);
  snprintf(cells[2], CELL, "%f", whole > 0 ? (double)row->total_ns / (double)whole : 0.0);
  snprintf(cells[3], CELL, "%" PRIu64, row->calls);
  snprintf(cells[4], CELL, "%f", (double)row->total_ns / kNsPerMs);
}

static void widen(size_t *width, const char *text) {
  const size_t length = strlen(text);
  *width = length > *width ? length : *width;
}

static void print_table(const char *title, const profile *table, uint64_t loops) {
  const char *const titles[COLUMNS] = {title, "avg(ms)", "percent", "calledTimes", "opTotalTime"};
  size_t widths[COLUMNS] = {0};
  char cells[COLUMNS][CELL];
  uint64_t whole = 0;
  for (size_t i = 0; i < table->count; ++i) {
    whole += table->rows[i].total_ns;
  }
  for (size_t c = 0; c < COLUMNS; ++c) {
    widen(&widths[c], titles[c]);
  }
  for (size_t i = 0; i < table->count; ++i) {
    widen(&widths[0], table->rows[i].name);
    format_cells(cells, &table->rows[i], whole, loops);
    for (size_t c = 1; c < COLUMNS; ++c) {
      widen(&widths[c], cells[c]);
    }
  }
  for (size_t i = 0; i < SEPARATOR; ++i) {
    putchar('-');
  }
  putchar('\n');
  for (size_t c = 0; c < COLUMNS; ++c) {
    printf("%-*s\t", (int)widths[c], titles[c]);
  }
  putchar('\n');
  for (size_t i = 0; i < table->count; ++i) {
    format_cells(cells, &table->rows[i], whole, loops);
    printf("%-*s\t", (int)widths[0], table->rows[i].name);
    for (size_t c = 1; c < COLUMNS; ++c) {
      printf("%-*s\t", (int)widths[c], cells[c]);
    }
    putchar('\n');
  }
}

bool report_profile(const profile *ops, uint64_t loops) {
  static const char *const kTitles[] = {"opName", "opType"};
  for (int by_type = 0; by_type < 2; ++by_type) {
    profile table;
    if (!profile_sorted(ops, by_type != 0, &table)) {
      return false;
    }
    print_table(kTitles[by_type], &table, loops);
    profile_free(&table);
  }
  return true;
}

void report_facts(const char *kind, const tensor_list *list) {
  for (size_t i = 0; i < list->count; ++i) {
    const tensor_facts *facts = &list->items[i];
    printf("%s %zu: %s %s %s (", kind, i, facts->name, dtype_name(facts->dtype), format_name(facts->format));
    for (size_t d = 0; d < facts->rank; ++d) {
      printf("%s%" PRId64, d > 0 ? "," : "", facts->shape[d]);
    }
    printf(") %" PRIu64 " bytes\n", facts->size_bytes);
  }
}

void report_nnrt(const nnrt_list *devices) {
  for (size_t i = 0; i < devices->count; ++i) {
    const nnrt_device *device = &devices->items[i];
    printf("NNRT %zu: %s (%s) id %zu\n", i, device->name, nnrt_type_name(device->type), device->id);
  }
}

void report_success(const options *opt) { printf("Run Benchmark %s Success.\n", options_model_name(opt)); }

void report_failure(const options *opt, int32_t code, const char *message) {
  fflush(stdout);
  fprintf(stderr, "%s\n", message);
  fprintf(stderr, "Run Benchmark %s Failed : %d\n", options_model_name(opt), (int)code);
}
