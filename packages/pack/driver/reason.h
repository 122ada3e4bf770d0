/* Why the last thing failed, as one line for people. */
#pragma once

/** Sets the reason, printf style, and returns -1. */
int because(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** As because(), with what errno says behind it. */
int because_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The reason last set on this thread. */
const char *reason(void);
