// Reads a chunked body, cut anywhere; rules 17 to 20 of `http-rules.md`: what `chunk-parser.ts` does, state for state.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reasons.h"

namespace whetstone {

enum class ChunkOutcome : uint8_t { MORE, DONE, REFUSED };

/** How far a body was read. Zero is its start; `release` frees what it holds. */
struct ChunkParser {
  /** Where `parse` stopped: behind the body when it is done. */
  size_t at;
  /** Bytes of the body that `parse` gathered at the front of what it was given. */
  size_t data;
  /** Trailer lines with their CR LF. */
  uint8_t *trailers;
  uint32_t trailerLength;
  uint32_t trailerCapacity;
  uint16_t status;
  Reason reason;

  uint8_t state;
  uint8_t part;
  uint8_t digits;
  uint16_t extension;
  uint64_t size;
  uint64_t total;

  /**
   * Reads `bytes[0..length)`. The data of its chunks is moved together at its front, in place: the length of
   * that is `data`. What stands behind `at` is as it was.
   */
  ChunkOutcome parse(uint8_t *bytes, size_t length, uint64_t bodyBytes, uint32_t headerBytes);
  void release();
};

}  // namespace whetstone
