#include "platform.h"

#include "dump.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inputs.h"
#include "json.h"
#include "outfile.h"
#include "result.h"
#include "samples.h"

enum { DUMP_SCHEMA = 1 };

/* The callbacks carry no user pointer, so what they write to is global. */
static pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;
static session *g_session;
static json_writer g_index;
static size_t g_nodes;
static bool g_good;

static bool lacks(session *s, const char *path, int error) {
  return fail(&s->why, "output", -1, "Cannot write %s: %s", path, strerror(error));
}

static char *path_in(const char *folder, const char *name) {
  const size_t size = strlen(folder) + strlen(name) + 2;
  char *path = malloc(size);
  if (path != NULL) {
    snprintf(path, size, "%s/%s", folder, name);
  }
  return path;
}

static bool write_data(session *s, const char *name, const void *data, size_t size) {
  outfile file;
  char *path = path_in(s->opt->dump_dir, name);
  if (path == NULL) {
    return fail(&s->why, "output", -1, "Out of memory");
  }
  bool good = outfile_open(&file, path);
  if (good) {
    outfile_write(&file, data, size);
    good = outfile_commit(&file);
  }
  if (!good) {
    lacks(s, path, file.error);
  }
  free(path);
  return good;
}

/* An output may be without data: a shape that another operator folded away, an empty tensor. */
static bool write_output(session *s, size_t index, const tensor_facts *facts, void *tensor) {
  char name[64];
  const void *data = facts->size_bytes > 0 ? s->rt.TensorGetData(tensor) : NULL;
  snprintf(name, sizeof(name), "%zu.%zu.bin", g_nodes, index);
  if (data != NULL && !write_data(s, name, data, (size_t)facts->size_bytes)) {
    return false;
  }
  json_open(&g_index, '{');
  result_write_tensor_members(&g_index, facts);
  json_key(&g_index, "file");
  if (data != NULL) {
    json_text(&g_index, name);
  } else {
    json_null(&g_index);
  }
  json_close(&g_index, '}');
  return true;
}

static bool write_node(session *s, oh_ai_tensors outputs, oh_ai_node node) {
  tensor_list facts = {NULL, 0};
  bool good = tensor_list_read(&facts, &s->rt, outputs) || fail(&s->why, "output", -1, "Out of memory");
  json_open(&g_index, '{');
  json_key(&g_index, "name");
  json_text(&g_index, node.node_name != NULL ? node.node_name : "");
  json_key(&g_index, "type");
  json_text(&g_index, node.node_type != NULL ? node.node_type : "");
  json_key(&g_index, "outputs");
  json_open(&g_index, '[');
  for (size_t i = 0; good && i < facts.count; ++i) {
    good = write_output(s, i, &facts.items[i], outputs.handle_list[i]);
  }
  json_close(&g_index, ']');
  json_close(&g_index, '}');
  tensor_list_free(&facts);
  ++g_nodes;
  return good;
}

/* A runtime may ask for both callbacks or for none. */
static bool before(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node) {
  (void)inputs;
  (void)outputs;
  (void)node;
  return true;
}

static bool after(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node) {
  (void)inputs;
  pthread_mutex_lock(&g_mutex);
  g_good = g_good && write_node(g_session, outputs, node);
  pthread_mutex_unlock(&g_mutex);
  return true; /* a failure is told when the inference is over: runtimes differ in what false does */
}

static bool predict(session *s, outfile *index) {
  uint64_t elapsed = 0;
  g_session = s;
  g_index = (json_writer){index, false};
  g_nodes = 0;
  g_good = true;
  json_open(&g_index, '{');
  json_key(&g_index, "schema");
  json_int(&g_index, DUMP_SCHEMA);
  json_key(&g_index, "nodes");
  json_open(&g_index, '[');
  const bool good = session_predict(s, before, after, &elapsed) && g_good;
  g_session = NULL;
  json_close(&g_index, ']');
  json_close(&g_index, '}');
  outfile_write(index, "\n", 1);
  return good && (g_nodes > 0 || fail(&s->why, "output", -1, "The runtime told of no operator"));
}

static bool fill(session *s) {
  return s->opt->samples_file[0] != '\0' ? samples_read_first(s) : inputs_fill(s);
}

static bool write_all(session *s, const char *index_path) {
  outfile index;
  if (!outfile_open(&index, index_path)) {
    return lacks(s, index_path, index.error);
  }
  if (!predict(s, &index)) {
    outfile_abort(&index);
    return false;
  }
  return outfile_commit(&index) || lacks(s, index_path, index.error);
}

void dump_forget(const char *folder) {
  char *path = folder[0] != '\0' ? path_in(folder, "index.json") : NULL;
  if (path != NULL) {
    outfile_forget(path);
  }
  free(path);
}

bool dump_run(session *s) {
  const char *folder = s->opt->dump_dir;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    return lacks(s, folder, errno);
  }
  char *index_path = path_in(folder, "index.json");
  if (index_path == NULL) {
    return fail(&s->why, "output", -1, "Out of memory");
  }
  const bool good = fill(s) && write_all(s, index_path) && session_inspect_outputs(s) && session_note_outputs(s);
  free(index_path);
  return good;
}
