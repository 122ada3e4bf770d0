#include "chunk-parser.h"

#include <cstdlib>
#include <cstring>

#include "characters.h"

namespace whetstone {
namespace {

/** States, in the order in which a chunked body goes through them. */
enum : uint8_t {
  SIZE,
  EXTENSION,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER_START,
  TRAILER_NAME,
  TRAILER_VALUE,
  TRAILER_LF,
  LAST_LF
};

/** Where an extension, `name`, `name=token` or `name="text"`, stands. */
enum : uint8_t {
  PART_NAME_START,
  PART_NAME,
  PART_VALUE_START,
  PART_VALUE,
  PART_QUOTED,
  PART_ESCAPED,
  PART_QUOTED_END,
  PART_END,
  PART_WRONG
};

/** Bytes of an extension that are read over; rule 17. */
constexpr uint16_t extensionBytes = 256;

constexpr const char *forbiddenTrailers[] = {"content-length", "transfer-encoding", "host",          "trailer",
                                             "connection",     "upgrade",           "authorization", "cookie"};

uint8_t nextPart(uint8_t part, uint8_t byte) {
  if (part == PART_QUOTED) {
    if (byte == '"') return PART_QUOTED_END;
    if (byte == '\\') return PART_ESCAPED;
    return isValue(byte) ? PART_QUOTED : PART_WRONG;
  }
  if (part == PART_ESCAPED) return isValue(byte) ? PART_QUOTED : PART_WRONG;
  if (part == PART_VALUE_START && byte == '"') return PART_QUOTED;
  if (isToken(byte) && part != PART_QUOTED_END) return part <= PART_NAME ? PART_NAME : PART_VALUE;
  const bool complete = part == PART_NAME || part == PART_VALUE || part == PART_QUOTED_END;
  if (byte == '=' && part == PART_NAME) return PART_VALUE_START;
  if (byte == ';' && complete) return PART_NAME_START;
  return byte == CR && complete ? PART_END : PART_WRONG;
}

/** Whether none of the lines names a field that no trailer may be. */
bool allowedTrailers(const uint8_t *lines, size_t length) {
  size_t line = 0;
  while (line < length) {
    size_t colon = line;
    while (colon < length && lines[colon] != COLON) colon++;
    for (const char *name : forbiddenTrailers) {
      const size_t nameLength = strlen(name);
      if (nameLength != colon - line) continue;
      size_t i = 0;
      while (i < nameLength && lower(lines[line + i]) == static_cast<uint8_t>(name[i])) i++;
      if (i == nameLength) return false;
    }
    const void *end = memchr(lines + line, LF, length - line);
    if (end == nullptr) return true;
    line = static_cast<size_t>(static_cast<const uint8_t *>(end) - lines) + 1;
  }
  return true;
}

ChunkOutcome refuse(ChunkParser &parser, uint16_t status, Reason reason) {
  parser.status = status;
  parser.reason = reason;
  return ChunkOutcome::REFUSED;
}

bool addToTrailers(ChunkParser &parser, uint8_t byte) {
  if (parser.trailerLength == parser.trailerCapacity) {
    const uint32_t capacity = parser.trailerCapacity == 0 ? 256 : parser.trailerCapacity * 2;
    void *grown = realloc(parser.trailers, capacity);
    if (grown == nullptr) return false;
    parser.trailers = static_cast<uint8_t *>(grown);
    parser.trailerCapacity = capacity;
  }
  parser.trailers[parser.trailerLength++] = byte;
  return true;
}

}  // namespace

ChunkOutcome ChunkParser::parse(uint8_t *bytes, size_t length, uint64_t bodyBytes, uint32_t headerBytes) {
  at = 0;
  data = 0;
  while (at < length) {
    if (state == DATA) {
      const size_t piece = length - at < size ? length - at : static_cast<size_t>(size);
      if (data != at) memmove(bytes + data, bytes + at, piece);
      data += piece;
      at += piece;
      size -= piece;
      if (size == 0) state = DATA_CR;
      continue;
    }
    const uint8_t byte = bytes[at++];
    switch (state) {
      case SIZE: {
        const int digit = hexadecimal(byte);
        if (digit >= 0) {
          if (++digits > 8) return refuse(*this, 400, Reason::LONG_CHUNK_SIZE);
          size = size * 16 + static_cast<uint64_t>(digit);
        } else if (digits == 0) {
          return refuse(*this, 400, Reason::WRONG_CHUNK_SIZE);
        } else if (byte == CR) {
          state = SIZE_LF;
        } else if (byte == ';') {
          extension = 0;
          part = PART_NAME_START;
          state = EXTENSION;
        } else {
          return refuse(*this, 400, Reason::WRONG_CHUNK_SIZE);
        }
        break;
      }
      case EXTENSION:
        if (++extension > extensionBytes) return refuse(*this, 400, Reason::LONG_EXTENSION);
        part = nextPart(part, byte);
        if (part == PART_WRONG) return refuse(*this, 400, Reason::WRONG_EXTENSION);
        if (part == PART_END) state = SIZE_LF;
        break;
      case SIZE_LF:
        if (byte != LF) return refuse(*this, 400, Reason::CR_WITHOUT_LF);
        digits = 0;
        if (size == 0) {
          state = TRAILER_START;
        } else {
          total += size;
          if (total > bodyBytes) return refuse(*this, 413, Reason::LARGE_BODY);
          state = DATA;
        }
        break;
      case DATA_CR:
        if (byte != CR) return refuse(*this, 400, Reason::LONG_CHUNK);
        state = DATA_LF;
        break;
      case DATA_LF:
        if (byte != LF) return refuse(*this, 400, Reason::CR_WITHOUT_LF);
        state = SIZE;
        break;
      case TRAILER_START:
        if (byte == CR) state = LAST_LF;
        else if (isToken(byte)) state = TRAILER_NAME;
        else return refuse(*this, 400, Reason::WRONG_TRAILER_NAME);
        break;
      case TRAILER_NAME:
        if (byte == COLON) state = TRAILER_VALUE;
        else if (!isToken(byte)) return refuse(*this, 400, Reason::WRONG_TRAILER_NAME);
        break;
      case TRAILER_VALUE:
        if (byte == CR) state = TRAILER_LF;
        else if (!isValue(byte)) return refuse(*this, 400, Reason::CONTROL_IN_TRAILER);
        break;
      case TRAILER_LF:
        if (byte != LF) return refuse(*this, 400, Reason::CR_WITHOUT_LF);
        state = TRAILER_START;
        break;
      default:  // LAST_LF
        if (byte != LF) return refuse(*this, 400, Reason::CR_WITHOUT_LF);
        if (!allowedTrailers(trailers, trailerLength)) return refuse(*this, 400, Reason::FORBIDDEN_TRAILER);
        return ChunkOutcome::DONE;
    }
    const bool inTrailer = state >= TRAILER_NAME && state <= TRAILER_LF;
    const bool afterTrailer = state == TRAILER_START && trailerLength > 0;
    if ((inTrailer || afterTrailer) && !addToTrailers(*this, byte)) return refuse(*this, 431, Reason::LONG_TRAILERS);
    if (trailerLength > headerBytes) return refuse(*this, 431, Reason::LONG_TRAILERS);
  }
  return ChunkOutcome::MORE;
}

void ChunkParser::release() {
  free(trailers);
  trailers = nullptr;
  trailerLength = 0;
  trailerCapacity = 0;
}

}  // namespace whetstone
