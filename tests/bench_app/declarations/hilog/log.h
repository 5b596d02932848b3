/* Those of HiLog's declarations (HarmonyOS, capi-log-h) that the bench app uses. */
#ifndef TESTS_HILOG_LOG_H_
#define TESTS_HILOG_LOG_H_

typedef enum { LOG_APP = 0 } LogType;
typedef enum { LOG_DEBUG = 3, LOG_INFO = 4 } LogLevel;

int OH_LOG_Print(LogType type, LogLevel level, unsigned int domain, const char *tag, const char *format, ...);

#endif /* TESTS_HILOG_LOG_H_ */
