/* Folders that belong to this user alone. */
#pragma once

/** Makes the folder, and those above it that are missing; refuses one that others may enter. 0, or -1 with a reason(). */
int private_folder(const char *path);

/** The two joined by a slash, in new memory. */
char *joined(const char *folder, const char *name);
