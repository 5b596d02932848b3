#include "platform.h"

#include "runner.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "dump.h"
#include "inputs.h"
#include "measure.h"
#include "neighbours.h"
#include "options.h"
#include "outfile.h"
#include "process.h"
#include "report.h"
#include "result.h"
#include "samples.h"
#include "session.h"
#include "stop.h"

enum { EXIT_FAILED = 255 };

static bool open_outputs(session *s, outfile *outputs) {
  return outfile_open(outputs, s->opt->outputs_file) ||
         fail(&s->why, "output", -1, "Cannot write %s: %s", s->opt->outputs_file, strerror(outputs->error));
}

/* Benchmark or samples mode, with the outputs kept where they are asked for. */
static bool run_inferences(session *s, outfile *outputs) {
  uint64_t bytes = 0;
  if (s->opt->samples_file[0] != '\0') {
    return samples_run(s, outputs);
  }
  return inputs_fill(s) && measure_run(s) && session_inspect_outputs(s) &&
         (outputs == NULL || samples_write_outputs(s, outputs, &bytes));
}

static bool run_kept(session *s) {
  outfile outputs;
  if (s->opt->outputs_file[0] == '\0') {
    return run_inferences(s, NULL);
  }
  if (!open_outputs(s, &outputs)) {
    return false;
  }
  if (!run_inferences(s, &outputs)) {
    outfile_abort(&outputs);
    return false;
  }
  return outfile_commit(&outputs) ||
         fail(&s->why, "output", -1, "Cannot write %s: %s", s->opt->outputs_file, strerror(outputs.error));
}

static bool run_timed(session *s) {
  if (s->opt->time_profiling) {
    profile_start(&s->ops);
  }
  stop_listen();
  const bool good = run_kept(s);
  stop_forget();
  const bool kept = !s->opt->time_profiling || profile_stop();
  if (!good || !session_note_outputs(s)) {
    return false;
  }
  if (!kept || (s->opt->time_profiling && !report_profile(&s->ops, s->times.seen))) {
    return fail(&s->why, "predict", -1, "Out of memory for the operators' times");
  }
  report_times(s->opt, &s->times);
  return true;
}

static bool describe(session *s) {
  if (!session_note_outputs(s)) {
    return false;
  }
  report_facts("Input", &s->input_facts);
  report_facts("Output", &s->output_facts);
  nnrt_read(&s->nnrt, &s->rt);
  report_nnrt(&s->nnrt);
  return true;
}

static bool pin(session *s) {
  const options *opt = s->opt;
  return opt->pinned_count == 0 || pin_process(opt->pinned, opt->pinned_count) ||
         fail(&s->why, "load", -1, "Cannot pin to the cores %s: %s", opt->pin_cores, strerror(errno));
}

static bool run(session *s, neighbours *beside) {
  const options *opt = s->opt;
  if (!pin(s)) {
    return false;
  }
  printf("start unified benchmark run\n");
  if (!neighbours_open(beside, opt, &s->why) || !session_open(s, opt)) {
    return false;
  }
  report_prepared(s->load_ns);
  if (opt->describe) {
    return describe(s);
  }
  if (opt->dump_dir[0] != '\0') {
    return dump_run(s);
  }
  return opt->benchmark_data_file[0] != '\0' ? inputs_fill(s) && compare_run(s) : run_timed(s);
}

/* Success is said last, when everything else is safe: over hdc the exit code is lost. */
static bool conclude(session *s, bool good) {
  if (!good) {
    report_failure(s->opt, s->why.code, s->why.message);
    result_write(s);
    return false;
  }
  if (s->non_finite > 0) {
    fprintf(stderr, "Warning: %" PRIu64 " output values are nan or inf\n", s->non_finite);
  }
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fprintf(stderr, "Cannot write to stdout: %s\n", strerror(errno));
    return false;
  }
  if (!result_write(s)) {
    return false;
  }
  report_success(s->opt);
  if (fflush(stdout) != 0) {
    fprintf(stderr, "Cannot write to stdout: %s\n", strerror(errno));
    return false;
  }
  return true;
}

static int refuse(const options *opt) {
  fprintf(stderr, "Benchmark init Error : -1\n");
  fprintf(stderr, "Run Benchmark %s Failed : -1\n", options_model_name(opt));
  return EXIT_FAILED;
}

int runner_main(int argc, char **argv) {
  options opt;
  session s;
  neighbours beside = {{NULL, 0}, NULL, 0};
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a crash of the runtime must not take our lines with it */
  signal(SIGXFSZ, SIG_IGN);              /* a file size limit is a write error like any other */
  if (!options_parse(&opt, argc, argv)) {
    return EXIT_FAILED;
  }
  if (opt.help) {
    options_usage(stderr);
    return 0;
  }
  if (opt.version) {
    printf("pipeline-runner " RUNNER_VERSION "\n");
    return 0;
  }
  if (!options_check(&opt)) {
    return refuse(&opt);
  }
  outfile_forget(opt.result_file);
  outfile_forget(opt.outputs_file);
  dump_forget(opt.dump_dir);
  report_options(&opt);
  memset(&s, 0, sizeof(s));
  s.opt = &opt;
  s.beside = &beside;
  const bool good = conclude(&s, run(&s, &beside));
  session_close(&s);
  neighbours_close(&beside);
  return good ? 0 : EXIT_FAILED;
}
