/* A model that is built and ready to run, and everything a run learns about it. */
#ifndef DEVICE_RUNNER_SESSION_H_
#define DEVICE_RUNNER_SESSION_H_

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "nnrt.h"
#include "options.h"
#include "profile.h"
#include "progress.h"
#include "runtime.h"
#include "tensor.h"
#include "timeline.h"

struct neighbours;

typedef struct {
  const options *opt;
  runtime rt;
  nnrt_list nnrt; /* read where NNRT or a description is asked for */
  const struct neighbours *beside; /* models that stay loaded meanwhile; NULL for one of them */
  void *context;
  void *model;
  oh_ai_tensors inputs;
  oh_ai_tensors outputs; /* of the last successful inference */
  /* results */
  failure why;
  tensor_list input_facts;
  tensor_list output_facts;
  uint64_t load_ns;
  uint64_t memory_before_bytes; /* resident, before the model is built */
  uint64_t memory_after_bytes;
  uint64_t start_ns;   /* CLOCK_MONOTONIC when the last inference began */
  uint64_t first_ns;   /* 0 until the first inference */
  progress said;       /* how far the loop at hand is */
  timeline times;      /* of the timed inferences */
  uint64_t late;       /* of them, those that a pace let begin too late */
  uint64_t non_finite; /* nan or infinite values in the outputs that were looked at */
  profile ops;
} session;

/* Opens the runtime, builds the model, applies new shapes.  Times the build only.  `s` is all noughts but
 * for what its owner sets. */
bool session_open(session *s, const options *opt);

/* One inference.  `elapsed` gets its nanoseconds, start_ns when it began. */
bool session_predict(session *s, oh_ai_callback before, oh_ai_callback after, uint64_t *elapsed);

/* Reads the facts of the outputs; shapes may be final only after an inference. */
bool session_note_outputs(session *s);

/* Looks at every output of the last inference: each must hold data; adds to non_finite. */
bool session_inspect_outputs(session *s);

/* Data of output `index` of the last inference, checked to be there; NULL after a failure. */
const void *session_output(session *s, size_t index, size_t *size);

void session_close(session *s);

#endif /* DEVICE_RUNNER_SESSION_H_ */
