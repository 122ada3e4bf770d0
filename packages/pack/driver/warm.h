/* Asks ahead of the program what it will ask one by one. */
#pragma once

/**
 * Lists the folders of a mount, so that the kernel learns of all files in a few questions, and has
 * the files read that the image names in `.pack/ahead`, one path in each line. Bounded; errors end it.
 */
void warm(const char *folder);
