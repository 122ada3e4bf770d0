// Why a message was refused, or a request ended: the texts that clients read, and JavaScript gets by number.
#pragma once

#include <cstdint>

namespace whetstone {

#define WHETSTONE_REASONS(X) \
  X(NONE, "") \
  X(CR_WITHOUT_LF, "a CR without LF") \
  X(METHOD_NOT_SERVED, "a method that is not served") \
  X(WRONG_REQUEST_LINE, "a wrong request line") \
  X(WRONG_TARGET, "a wrong target") \
  X(TARGET_BYTE, "a byte that no target has") \
  X(BACKSLASH, "a backslash in the path") \
  X(WRONG_LINE_END, "a wrong end of the request line") \
  X(VERSION_NOT_SERVED, "a version that is not served") \
  X(LONG_REQUEST_LINE, "the request line is too long") \
  X(LONG_HEAD, "the head is too long") \
  X(MANY_FIELDS, "too many fields") \
  X(WRONG_FIELD_NAME, "a wrong field name") \
  X(CONTROL_IN_FIELD, "a control character in a field") \
  X(HOST_TWICE, "Host twice") \
  X(WRONG_HOST, "a wrong Host") \
  X(NO_HOST, "no Host") \
  X(EXPECTATION, "an expectation that is not met") \
  X(WRONG_CONNECTION, "a wrong Connection") \
  X(LENGTH_TWICE, "Content-Length twice") \
  X(WRONG_LENGTH, "a wrong Content-Length") \
  X(TAB_BEHIND_LENGTH, "a tab behind Content-Length") \
  X(LENGTH_AND_CODING, "Content-Length and Transfer-Encoding") \
  X(CODING_TWICE, "Transfer-Encoding twice") \
  X(EMPTY_CODING, "an empty Transfer-Encoding") \
  X(CODING_WITH_1_0, "Transfer-Encoding with HTTP/1.0") \
  X(CODING_NOT_SERVED, "a coding that is not served") \
  X(LARGE_BODY, "a body that is too large") \
  X(LONG_CHUNK_SIZE, "a chunk size of more than eight digits") \
  X(WRONG_CHUNK_SIZE, "a wrong chunk size") \
  X(LONG_EXTENSION, "a chunk extension that is too long") \
  X(WRONG_EXTENSION, "a wrong chunk extension") \
  X(LONG_CHUNK, "a chunk that is longer than its size") \
  X(WRONG_TRAILER_NAME, "a wrong trailer name") \
  X(CONTROL_IN_TRAILER, "a control character in a trailer") \
  X(LONG_TRAILERS, "trailers that are too long") \
  X(FORBIDDEN_TRAILER, "a field that no trailer may be") \
  X(SLOW_HEAD, "the head took too long") \
  X(SLOW_BODY, "the body took too long") \
  X(SLOW_HANDLER, "the handler took too long") \
  X(LEFT, "the client left") \
  X(LEFT_IN_BODY, "the client left before the end of the body") \
  X(EARLY_ANSWER, "the answer was sent before the body was read")

enum class Reason : uint8_t {
#define X(name, text) name,
  WHETSTONE_REASONS(X)
#undef X
      COUNT
};

inline constexpr const char *reasonTexts[] = {
#define X(name, text) text,
    WHETSTONE_REASONS(X)
#undef X
};

}  // namespace whetstone
