/* The whole image as files of their own, each block verified on its way. */
#pragma once

/** Writes all that is in the image into an empty folder. Returns 0, or -1 with a reason(). */
int extract(const char *folder);

/** Writes the image itself, verified, to a file that only this user can read. 0, or -1 with a reason(). */
int copy_image(int fd);

/** Removes a folder with all that is in it; true if it is gone. */
int remove_all(const char *folder);
