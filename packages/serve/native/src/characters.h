// Classes of bytes, as `characters.ts` has them.
#pragma once

#include <cstdint>

namespace whetstone {

constexpr uint8_t CR = 13;
constexpr uint8_t LF = 10;
constexpr uint8_t SP = 32;
constexpr uint8_t HTAB = 9;
constexpr uint8_t COLON = 58;

/** Bits of `classOf`. */
constexpr uint8_t TOKEN = 1;
/** HTAB, 0x20 to 0x7E, 0x80 and above: what a field value is made of. */
constexpr uint8_t VALUE = 2;
/** The name in `Host`, addresses in brackets apart. */
constexpr uint8_t HOST = 4;
constexpr uint8_t UPPER = 8;
constexpr uint8_t DIGIT = 16;

struct ClassTable {
  uint8_t of[256];
  constexpr ClassTable() : of() {
    for (int byte = 0; byte < 256; byte++) {
      const bool upper = byte >= 'A' && byte <= 'Z';
      const bool digit = byte >= '0' && byte <= '9';
      const bool letter = upper || (byte >= 'a' && byte <= 'z');
      uint8_t bits = 0;
      bool token = letter || digit;
      for (const char *mark = "!#$%&'*+-.^_`|~"; *mark != 0; mark++)
        if (byte == *mark) token = true;
      if (token) bits |= TOKEN;
      if (byte == HTAB || (byte >= 0x20 && byte <= 0x7e) || byte >= 0x80) bits |= VALUE;
      if (letter || digit || byte == '-' || byte == '.' || byte == '_') bits |= HOST;
      if (upper) bits |= UPPER;
      if (digit) bits |= DIGIT;
      of[byte] = bits;
    }
  }
};

inline constexpr ClassTable classes;

inline bool isToken(uint8_t byte) { return (classes.of[byte] & TOKEN) != 0; }
inline bool isValue(uint8_t byte) { return (classes.of[byte] & VALUE) != 0; }
inline bool isHost(uint8_t byte) { return (classes.of[byte] & HOST) != 0; }
inline bool isDigit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/** A letter in lower case; any other byte as it is. */
inline uint8_t lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }

/** The value of a hexadecimal digit; −1 for any other byte. */
inline int hexadecimal(uint8_t byte) {
  if (isDigit(byte)) return byte - '0';
  const uint8_t letter = lower(byte);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace whetstone
