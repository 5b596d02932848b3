// Stand-in for a destructor of libmindspore_converter.so that frees what is still read.
//
// To calibrate, the library serializes the graph, opens a session on the bytes and frees the bytes while
// the session lives. Kernels that do not pack their constants (Gather is one) go on reading them, so the
// ranges found depend on what the heap holds by then, and now and then the converter crashes. A definition
// that comes first in the process wins: this one keeps the bytes until the process ends, one conversion
// later. The name is the library's symbol for flatbuffers::vector_downward::~vector_downward().
extern "C" __attribute__((visibility("default"))) void _ZN11flatbuffers15vector_downwardD1Ev(void *) {}
