/* What is kept in the cache: drivers, private copies, extracted files. */
#pragma once
#include <stdbool.h>

/** Notes that a kept file or folder is used now. */
void note_use(const char *path);

/**
 * Takes away what nobody used for sixty days, and what was left half-written.
 *
 * @param sizes also what was used longest ago, while all takes more than four gigabytes: that reads every extracted folder
 * @param lock a lock of the folder of extracted files that the caller has, or -1
 */
void tidy(const char *cache_folder, bool sizes, int lock);
