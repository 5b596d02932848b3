/* What we use of the plugin interface of QEMU 6.0 to 8.2 (API version 1), declared by us from its
 * documentation (docs/devel/tcg-plugins): Debian's qemu-user comes without the header.  Version 2 (QEMU 9.0)
 * took out adding inline to memory of one's own, which is what makes counting cheap. */
#ifndef DEVICE_INSTRUCTIONS_QEMU_PLUGIN_H_
#define DEVICE_INSTRUCTIONS_QEMU_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_API 1
#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id;
typedef struct qemu_info qemu_info;
typedef struct qemu_plugin_tb qemu_plugin_tb;     /* a translation block: instructions that run in one go */
typedef struct qemu_plugin_insn qemu_plugin_insn; /* an instruction, valid while it is being translated */
typedef void (*on_translation)(qemu_plugin_id id, qemu_plugin_tb *block);

enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id id, on_translation callback);
size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb *block);
qemu_plugin_insn *qemu_plugin_tb_get_insn(const qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const qemu_plugin_insn *instruction);

/* Each time that the block begins to run, `*counter += addend`. */
void qemu_plugin_register_vcpu_tb_exec_inline(qemu_plugin_tb *block, int operation, void *counter, uint64_t addend);

#endif /* DEVICE_INSTRUCTIONS_QEMU_PLUGIN_H_ */
