/* The app's files folder: what is where, and tidying up.
 *
 *   objects/SHA256.ms  models, and inputs by another ending: what has such a name was hashed here
 *   incoming/          what hdc is sending, by the name that it gets, and requests
 *   calls/SESSION/     answers and logs of the session at work, and what its runs leave */
#ifndef BENCH_APP_PLACES_H_
#define BENCH_APP_PLACES_H_

#include <stdbool.h>
#include <stddef.h>

enum { MOST_PATH = 1024 };

/* Joins up to two parts to the folder: `a` and, unless it is NULL, `b`.  False when it is too long. */
bool places_path(char out[MOST_PATH], const char *folder, const char *a, const char *b);

/* calls/SESSION/NUMBER.SUFFIX */
bool places_of_call(char out[MOST_PATH], const char *folder, const char *session, int number, const char *suffix);

/* Makes the folders, that of the session included.  False with errno set. */
bool places_make(const char *folder, const char *session);

/* Removes what earlier sessions left, and files that came only partly. */
void places_tidy(const char *folder, const char *session);

/* Calls `each` with the name of every entry of a folder. */
void places_list(const char *path, void (*each)(void *context, const char *path, const char *name), void *context);

/* Whether the object is there, whole; takes it over from incoming when it has just come. */
bool places_has(const char *folder, const char *name);

/* Whether a session's name is one of ours: 8 to 64 of [a-z0-9]. */
bool places_is_session(const char *name);

#endif /* BENCH_APP_PLACES_H_ */
