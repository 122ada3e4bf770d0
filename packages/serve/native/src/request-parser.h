// Reads the heads of HTTP/1.1 requests, by the rules of `http-rules.md`: what `request-parser.ts` does, line for line.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reasons.h"

namespace whetstone {

/** `parseHead` needs more bytes, or refused. */
constexpr int64_t MORE = -1;
constexpr int64_t REFUSED = -2;

/** `Head::bodyLength` of a chunked body. */
constexpr int64_t CHUNKED = -1;

struct HeadLimits {
  uint32_t headerBytes;
  uint32_t headerCount;
};

/**
 * A head that was read, or how far one was.
 *
 * Zero is its start. All places are relative to the start of the head, and below `headerBytes`.
 */
struct Head {
  // Where it stands.
  uint32_t line;
  uint32_t seen;
  uint32_t count;
  bool inFields;
  bool skippedEmptyLine;
  bool hostSeen;
  bool lengthSeen;
  bool codingSeen;
  bool upgradeSeen;
  bool close;
  bool keepAlive;
  bool upgradeNamed;

  // What it says.
  bool plain;
  bool absolute;
  /** `authorityOf` must look at the authority, or at `Host` beside an absolute form. */
  bool oddAuthority;
  bool oddHost;
  bool expectsContinue;
  bool keep;
  bool upgrade;
  uint8_t method;
  uint8_t minor;
  uint32_t start;
  uint32_t targetStart;
  uint32_t targetEnd;
  uint32_t fieldsAt;
  uint32_t authorityStart;
  uint32_t authorityEnd;
  /** Bytes, 0 without a body, or CHUNKED. */
  int64_t bodyLength;

  // Why it was refused.
  uint16_t status;
  Reason reason;
};

/**
 * Reads a head from `bytes[0]` on, as far as `length` says. Returns where it ends, MORE or REFUSED.
 *
 * After MORE it is called again with the same `head`, the same bytes and more behind them. Names of fields are
 * put in lower case where they stand.
 */
int64_t parseHead(Head &head, uint8_t *bytes, size_t length, const HeadLimits &limits);

/** What is to be thought of a `Host` or the authority of an absolute form. */
enum class Authority : uint8_t { NORMAL, ODD, WRONG };

/** NORMAL where `URL` would take it and change nothing; ODD where only `URL` can tell. */
Authority authorityKind(const uint8_t *bytes, size_t length);

}  // namespace whetstone
