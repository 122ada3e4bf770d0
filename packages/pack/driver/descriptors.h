/* Open files, handed from one process to another over a socket. */
#pragma once

/** Sends an open file. Returns 0, or -1 with a reason(). */
int send_descriptor(int socket, int fd);

/** Receives an open file, closed at exec. Returns it, or -1 with a reason(). */
int receive_descriptor(int socket);
