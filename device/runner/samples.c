#include "platform.h"

#include "samples.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inputs.h"
#include "list.h"
#include "measure.h"

/* One open file per input: samples are read one at a time and never held together. */
typedef struct {
  string_list paths;
  FILE **files;
  uint64_t count;
} sample_source;

static bool open_one(session *s, sample_source *from, size_t index, uint64_t *count) {
  const char *path = from->paths.items[index];
  const uint64_t required = s->input_facts.items[index].size_bytes;
  struct stat info;
  FILE *file = fopen(path, "rb");
  from->files[index] = file;
  if (file == NULL || fstat(fileno(file), &info) != 0) {
    return fail(&s->why, "input", -1, "Cannot read %s: %s", path, strerror(errno));
  }
  const uint64_t size = (uint64_t)info.st_size;
  if (required == 0 || size == 0 || size % required != 0) {
    return fail(&s->why, "input", -1,
                "Samples file size error: %s has %" PRIu64 " bytes, no whole multiple of the %" PRIu64
                " bytes of input %s",
                path, size, required, s->input_facts.items[index].name);
  }
  *count = size / required;
  return true;
}

static bool open_source(session *s, sample_source *from) {
  if (!string_list_paths(&from->paths, s->opt->samples_file, ",")) {
    return fail(&s->why, "input", -1, "Out of memory");
  }
  if (from->paths.count != s->input_facts.count) {
    return fail(&s->why, "input", -1, "samplesFile names %zu files, the model has %zu inputs", from->paths.count,
                s->input_facts.count);
  }
  from->files = calloc(from->paths.count + 1, sizeof(*from->files));
  if (from->files == NULL) {
    return fail(&s->why, "input", -1, "Out of memory");
  }
  for (size_t i = 0; i < from->paths.count; ++i) {
    uint64_t count = 0;
    if (!open_one(s, from, i, &count)) {
      return false;
    }
    if (i > 0 && count != from->count) {
      return fail(&s->why, "input", -1, "Samples files differ: %s holds %" PRIu64 " samples, %s %" PRIu64,
                  from->paths.items[0], from->count, from->paths.items[i], count);
    }
    from->count = count;
  }
  return from->count > 0 || fail(&s->why, "input", -1, "The model has no inputs to give samples to");
}

static void close_source(sample_source *from) {
  for (size_t i = 0; from->files != NULL && i < from->paths.count; ++i) {
    if (from->files[i] != NULL) {
      fclose(from->files[i]);
    }
  }
  free(from->files);
  string_list_free(&from->paths);
}

static bool read_sample(session *s, sample_source *from) {
  for (size_t i = 0; i < from->paths.count; ++i) {
    const size_t size = (size_t)s->input_facts.items[i].size_bytes;
    void *buffer = inputs_buffer(s, i);
    if (buffer == NULL) {
      return false;
    }
    if (fread(buffer, 1, size, from->files[i]) != size) {
      return fail(&s->why, "input", -1, "Cannot read a sample from %s: %s", from->paths.items[i],
                  ferror(from->files[i]) ? strerror(errno) : "it became shorter");
    }
  }
  return true;
}

bool samples_write_outputs(session *s, outfile *outputs, uint64_t *bytes) {
  *bytes = 0;
  for (size_t i = 0; i < s->outputs.handle_num; ++i) {
    size_t size = 0;
    const void *data = session_output(s, i, &size);
    if (data == NULL) {
      return false;
    }
    if (!outfile_write(outputs, data, size)) {
      return fail(&s->why, "output", -1, "Cannot write %s: %s", outputs->path, strerror(outputs->error));
    }
    *bytes += size;
  }
  return true;
}

/* The file has no index: all samples must give equally many bytes. */
static bool keep_outputs(session *s, outfile *outputs, uint64_t *per_sample) {
  uint64_t bytes = 0;
  if (outputs == NULL) {
    return true;
  }
  if (!samples_write_outputs(s, outputs, &bytes)) {
    return false;
  }
  if (s->times.count > 1 && bytes != *per_sample) {
    return fail(&s->why, "output", -1, "Sample %zu gave %" PRIu64 " bytes of output, those before it %" PRIu64,
                s->times.count - 1, bytes, *per_sample);
  }
  *per_sample = bytes;
  return true;
}

static bool run_all(session *s, sample_source *from, outfile *outputs) {
  uint64_t per_sample = 0;
  if (!measure_reserve(s, (size_t)from->count) || !read_sample(s, from) || !measure_warm_up(s)) {
    return false;
  }
  for (size_t i = 0; i < from->paths.count; ++i) {
    rewind(from->files[i]); /* the warm-up used the first sample, and an inference may overwrite its inputs */
  }
  measure_begin(s);
  for (uint64_t i = 0; i < from->count; ++i) {
    if (!read_sample(s, from)) {
      return false;
    }
    if (!measure_once(s)) {
      const failure why = s->why;
      return fail(&s->why, why.stage, why.code, "Sample %" PRIu64 ": %.600s", i, why.message);
    }
    if (!session_inspect_outputs(s) || !keep_outputs(s, outputs, &per_sample)) {
      return false;
    }
  }
  return true;
}

bool samples_read_first(session *s) {
  sample_source from = {{NULL, 0}, NULL, 0};
  const bool good = open_source(s, &from) && read_sample(s, &from);
  close_source(&from);
  return good;
}

bool samples_run(session *s, outfile *outputs) {
  sample_source from = {{NULL, 0}, NULL, 0};
  const bool good = open_source(s, &from) && run_all(s, &from, outputs);
  close_source(&from);
  return good;
}
