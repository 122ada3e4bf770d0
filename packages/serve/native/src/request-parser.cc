#include "request-parser.h"

#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "characters.h"

namespace whetstone {
namespace {

/** Classes of bytes in a target. */
constexpr uint8_t PLAIN = 0;
constexpr uint8_t DOT = 1;
constexpr uint8_t QUERY = 2;
constexpr uint8_t ODD = 3;
constexpr uint8_t END = 4;
constexpr uint8_t BAD = 5;

struct TargetTable {
  uint8_t of[256];
  constexpr TargetTable() : of() {
    for (int byte = 0; byte < 256; byte++) {
      uint8_t kind = PLAIN;
      if (byte == ' ') kind = END;
      else if (byte <= 0x20 || byte >= 0x7f || byte == '#') kind = BAD;
      else if (byte == '.') kind = DOT;
      else if (byte == '?') kind = QUERY;
      else
        for (const char *mark = "\"%'<>\\^`{|}"; *mark != 0; mark++)
          if (byte == *mark) kind = ODD;
      of[byte] = kind;
    }
  }
};

constexpr TargetTable targets;

struct Method {
  const char *text;
  uint32_t length;
};

constexpr Method methods[] = {{"GET ", 4}, {"HEAD ", 5}, {"POST ", 5}, {"PUT ", 4}, {"DELETE ", 7}, {"PATCH ", 6}, {"OPTIONS ", 8}};
constexpr int methodCount = sizeof(methods) / sizeof(methods[0]);
constexpr int OPTIONS = 6;

int64_t refuse(Head &head, uint16_t status, Reason reason) {
  head.status = status;
  head.reason = reason;
  return REFUSED;
}

bool no(Head &head, uint16_t status, Reason reason) {
  refuse(head, status, reason);
  return false;
}

/** Whether `length` bytes spell `name` (lower case), in any case. */
bool spells(const uint8_t *bytes, size_t length, const char *name) {
  for (size_t i = 0; i < length; i++)
    if (lower(bytes[i]) != static_cast<uint8_t>(name[i])) return false;
  return true;
}

/** Where the first byte that no value has stands, from `at` on; `end` where there is none. */
size_t valueEndAt(const uint8_t *bytes, size_t at, size_t end) {
#if defined(__SSE2__)
  const __m128i tab = _mm_set1_epi8(HTAB);
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i last = _mm_set1_epi8(0x1f);
  while (end - at >= 16) {
    const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + at));
    // Unsigned: a byte of at most 0x1F stays itself as the smaller of both.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(some, last), some);
    const __m128i wrong = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(some, tab), control), _mm_cmpeq_epi8(some, del));
    const int mask = _mm_movemask_epi8(wrong);
    if (mask != 0) return at + static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
    at += 16;
  }
#endif
  while (at < end && isValue(bytes[at])) at++;
  return at;
}

int64_t methodAt(Head &head, const uint8_t *bytes, size_t at, size_t end) {
  for (int m = 0; m < methodCount; m++) {
    const Method &method = methods[m];
    if (end - at >= method.length && memcmp(bytes + at, method.text, method.length) == 0) return m;
  }
  size_t i = at;
  while (i < end && isToken(bytes[i])) i++;
  if (i == end) return MORE;
  if (i > at && bytes[i] == SP) return refuse(head, 501, Reason::METHOD_NOT_SERVED);  // 5
  return refuse(head, 400, Reason::WRONG_REQUEST_LINE);                               // 3, 4
}

/** Where the SP behind the target stands. */
int64_t targetEndAt(Head &head, const uint8_t *bytes, size_t start, size_t end) {
  bool inQuery = false;
  for (size_t at = start; at < end; at++) {
    const uint8_t byte = bytes[at];
    const uint8_t kind = targets.of[byte];
    if (kind == PLAIN) continue;
    if (kind == END) return static_cast<int64_t>(at);
    if (kind == BAD) return refuse(head, 400, Reason::TARGET_BYTE);  // 3, 6
    if (inQuery) {
      // An escape in a query stays as it is; what `URL` would escape there is odd.
      if (kind == ODD && byte != '%') head.plain = false;
      continue;
    }
    if (kind == QUERY) {
      inQuery = true;
    } else if (kind == DOT) {
      if (at > start && bytes[at - 1] == '/') head.plain = false;
    } else {
      if (byte == '\\') return refuse(head, 400, Reason::BACKSLASH);  // 6
      head.plain = false;
    }
  }
  return MORE;
}

int64_t wrongVersion(Head &head, const uint8_t *bytes, size_t at, size_t end) {
  const char *pattern = "HTTP/0.0";
  for (size_t i = 0; i < 8; i++) {
    if (at + i >= end) return MORE;
    const uint8_t byte = bytes[at + i];
    const bool fits = pattern[i] == '0' ? isDigit(byte) : byte == static_cast<uint8_t>(pattern[i]);
    if (!fits) return refuse(head, 400, Reason::WRONG_REQUEST_LINE);  // 7
  }
  return refuse(head, 505, Reason::VERSION_NOT_SERVED);  // 7
}

int64_t versionAt(Head &head, const uint8_t *bytes, size_t at, size_t end) {
  const char *version = "HTTP/1.";
  for (size_t i = 0; i < 7; i++) {
    if (at + i >= end) return MORE;
    if (bytes[at + i] != static_cast<uint8_t>(version[i])) return wrongVersion(head, bytes, at, end);
  }
  if (at + 7 >= end) return MORE;
  const uint8_t minor = static_cast<uint8_t>(bytes[at + 7] - '0');
  if (minor > 1) return wrongVersion(head, bytes, at, end);
  if (at + 8 >= end) return MORE;
  if (bytes[at + 8] != CR) return refuse(head, 400, Reason::WRONG_LINE_END);  // 1, 4
  if (at + 9 >= end) return MORE;
  if (bytes[at + 9] != LF) return refuse(head, 400, Reason::CR_WITHOUT_LF);  // 1
  head.minor = minor;
  return static_cast<int64_t>(at + 10);
}

/** Returns where the first field line begins, MORE or REFUSED. */
int64_t requestLine(Head &head, const uint8_t *bytes, size_t start, size_t end) {
  size_t at = start;
  if (at >= end) return MORE;
  if (bytes[at] == CR && !head.skippedEmptyLine) {
    if (at + 1 >= end) return MORE;
    if (bytes[at + 1] != LF) return refuse(head, 400, Reason::CR_WITHOUT_LF);  // 1
    at += 2;                                                                   // 2
    head.skippedEmptyLine = true;
    head.line = static_cast<uint32_t>(at);
    head.start = head.line;
  }
  const int64_t method = methodAt(head, bytes, at, end);
  if (method < 0) return method;
  at += methods[method].length;
  head.method = static_cast<uint8_t>(method);
  head.plain = true;
  head.absolute = false;
  head.targetStart = static_cast<uint32_t>(at);
  if (at >= end) return MORE;
  const uint8_t first = bytes[at];
  if (first == '/') {
    const int64_t target = targetEndAt(head, bytes, at, end);
    if (target < 0) return target;
    at = static_cast<size_t>(target);
  } else if (first == '*' && method == OPTIONS) {
    at++;
    if (at >= end) return MORE;
    if (bytes[at] != SP) return refuse(head, 400, Reason::WRONG_TARGET);  // 6
  } else if (first == 'h' || first == 'H') {
    const int64_t target = targetEndAt(head, bytes, at, end);
    if (target < 0) return target;
    at = static_cast<size_t>(target);
    head.absolute = true;
  } else {
    return refuse(head, 400, Reason::WRONG_TARGET);  // 6
  }
  head.targetEnd = static_cast<uint32_t>(at);
  return versionAt(head, bytes, at + 1, end);
}

// 11
bool host(Head &head, const uint8_t *bytes, size_t start, size_t end) {
  if (head.hostSeen) return no(head, 400, Reason::HOST_TWICE);
  head.hostSeen = true;
  const Authority kind = authorityKind(bytes + start, end - start);
  if (kind == Authority::WRONG) return no(head, 400, Reason::WRONG_HOST);
  head.oddHost = kind == Authority::ODD;
  head.authorityStart = static_cast<uint32_t>(start);
  head.authorityEnd = static_cast<uint32_t>(end);
  return true;
}

// 22
bool expect(Head &head, const uint8_t *bytes, size_t start, size_t end) {
  if (head.minor == 0) return true;
  if (end - start == 12 && spells(bytes + start, 12, "100-continue")) {
    head.expectsContinue = true;
    return true;
  }
  return no(head, 417, Reason::EXPECTATION);
}

// 21
bool connection(Head &head, const uint8_t *bytes, size_t start, size_t end) {
  size_t at = start;
  for (;;) {
    size_t comma = at;
    while (comma < end && bytes[comma] != ',') comma++;
    size_t first = at;
    size_t last = comma;
    while (first < last && (bytes[first] == SP || bytes[first] == HTAB)) first++;
    while (last > first && (bytes[last - 1] == SP || bytes[last - 1] == HTAB)) last--;
    const size_t length = last - first;
    if (length == 5 && spells(bytes + first, 5, "close")) head.close = true;
    else if (length == 10 && spells(bytes + first, 10, "keep-alive")) head.keepAlive = true;
    else if (length == 7 && spells(bytes + first, 7, "upgrade")) head.upgradeNamed = true;
    else
      for (size_t i = first; i < last; i++)
        if (!isToken(bytes[i])) return no(head, 400, Reason::WRONG_CONNECTION);
    if (comma >= end) return true;
    at = comma + 1;
  }
}

// 12
bool contentLength(Head &head, const uint8_t *bytes, size_t start, size_t end, size_t lineEnd) {
  if (head.lengthSeen) return no(head, 400, Reason::LENGTH_TWICE);
  head.lengthSeen = true;
  if (end == start || end - start > 15) return no(head, 400, Reason::WRONG_LENGTH);
  for (size_t i = end; i < lineEnd; i++)
    if (bytes[i] == HTAB) return no(head, 400, Reason::TAB_BEHIND_LENGTH);
  int64_t length = 0;
  for (size_t i = start; i < end; i++) {
    if (!isDigit(bytes[i])) return no(head, 400, Reason::WRONG_LENGTH);
    length = length * 10 + (bytes[i] - '0');
  }
  if (head.codingSeen) return no(head, 400, Reason::LENGTH_AND_CODING);  // 14
  head.bodyLength = length;
  return true;
}

// 13
bool transferEncoding(Head &head, const uint8_t *bytes, size_t start, size_t end) {
  if (head.codingSeen) return no(head, 400, Reason::CODING_TWICE);
  head.codingSeen = true;
  if (end == start) return no(head, 400, Reason::EMPTY_CODING);
  if (head.lengthSeen) return no(head, 400, Reason::LENGTH_AND_CODING);  // 14
  if (head.minor == 0) return no(head, 400, Reason::CODING_WITH_1_0);
  if (end - start != 7 || !spells(bytes + start, 7, "chunked")) return no(head, 501, Reason::CODING_NOT_SERVED);
  head.bodyLength = CHUNKED;
  return true;
}

/** Reads one field line; returns where the next begins, MORE or REFUSED. */
int64_t field(Head &head, uint8_t *bytes, size_t start, size_t end) {
  size_t at = start;
  while (at < end) {
    const uint8_t kind = classes.of[bytes[at]];
    if ((kind & TOKEN) == 0) break;
    if ((kind & UPPER) != 0) bytes[at] |= 0x20;
    at++;
  }
  if (at >= end) return MORE;
  if (bytes[at] != COLON || at == start) return refuse(head, 400, Reason::WRONG_FIELD_NAME);  // 3, 9
  const size_t nameLength = at - start;
  at++;
  while (at < end && (bytes[at] == SP || bytes[at] == HTAB)) at++;  // 10
  const size_t valueStart = at;
  at = valueEndAt(bytes, at, end);
  if (at + 1 >= end) {
    if (at < end && bytes[at] != CR) return refuse(head, 400, Reason::CONTROL_IN_FIELD);  // 1, 3
    return MORE;
  }
  if (bytes[at] != CR) return refuse(head, 400, Reason::CONTROL_IN_FIELD);   // 1, 3
  if (bytes[at + 1] != LF) return refuse(head, 400, Reason::CR_WITHOUT_LF);  // 1
  const int64_t next = static_cast<int64_t>(at + 2);
  size_t valueEnd = at;
  while (valueEnd > valueStart && (bytes[valueEnd - 1] == SP || bytes[valueEnd - 1] == HTAB)) valueEnd--;  // 10
  const char *name = reinterpret_cast<const char *>(bytes + start);
  bool taken = true;
  // Only six fields mean anything to the framing; their lengths tell them from most others.
  switch (nameLength) {
    case 4:
      if (memcmp(name, "host", 4) == 0) taken = host(head, bytes, valueStart, valueEnd);
      break;
    case 6:
      if (memcmp(name, "expect", 6) == 0) taken = expect(head, bytes, valueStart, valueEnd);
      break;
    case 7:
      if (memcmp(name, "upgrade", 7) == 0) head.upgradeSeen = true;
      break;
    case 10:
      if (memcmp(name, "connection", 10) == 0) taken = connection(head, bytes, valueStart, valueEnd);
      break;
    case 14:
      if (memcmp(name, "content-length", 14) == 0) taken = contentLength(head, bytes, valueStart, valueEnd, at);
      break;
    case 17:
      if (memcmp(name, "transfer-encoding", 17) == 0) taken = transferEncoding(head, bytes, valueStart, valueEnd);
      break;
    default:
      break;
  }
  return taken ? next : REFUSED;
}

/** Takes an absolute form apart; false where it is refused. */
bool absoluteForm(Head &head, const uint8_t *bytes) {
  size_t at = head.targetStart;
  const size_t end = head.targetEnd;
  if (end - at >= 7 && spells(bytes + at, 7, "http://")) at += 7;
  else if (end - at >= 8 && spells(bytes + at, 8, "https://")) at += 8;
  else return no(head, 400, Reason::WRONG_TARGET);
  const size_t start = at;
  while (at < end && bytes[at] != '/') {
    if (bytes[at] == '?' || bytes[at] == '@') return no(head, 400, Reason::WRONG_TARGET);
    at++;
  }
  const Authority kind = authorityKind(bytes + start, at - start);
  if (kind == Authority::WRONG) return no(head, 400, Reason::WRONG_TARGET);
  head.oddAuthority = kind == Authority::ODD;
  head.authorityStart = static_cast<uint32_t>(start);
  head.authorityEnd = static_cast<uint32_t>(at);
  head.targetStart = static_cast<uint32_t>(at);
  head.plain = false;
  return true;
}

int64_t complete(Head &head, const uint8_t *bytes, size_t end) {
  if (!head.hostSeen && head.minor == 1) return refuse(head, 400, Reason::NO_HOST);  // 11
  if (head.absolute) {
    if (!absoluteForm(head, bytes)) return REFUSED;
  } else {
    head.oddAuthority = head.oddHost;
  }
  const bool newer = head.minor == 1;
  // 23: what follows an offer to upgrade may be of the other protocol.
  const bool offered = head.upgradeSeen && head.upgradeNamed;
  head.keep = !head.close && !offered && (newer || head.keepAlive);
  head.expectsContinue = head.expectsContinue && newer && head.bodyLength != 0;
  head.upgrade = offered && newer && head.bodyLength == 0;
  return static_cast<int64_t>(end);
}

}  // namespace

int64_t parseHead(Head &head, uint8_t *bytes, size_t available, const HeadLimits &limits) {
  // Never looks beyond the limit, so that how a message was cut into packets changes no verdict.
  const bool cut = available >= limits.headerBytes;
  const size_t end = cut ? limits.headerBytes : available;
  // A line that came in many small pieces is read once, when its end is there.
  if (head.seen > 0 && !cut && memchr(bytes + head.seen, LF, end - head.seen) == nullptr) {
    head.seen = static_cast<uint32_t>(available);
    return MORE;
  }
  size_t at = head.line;
  if (!head.inFields) {
    const int64_t next = requestLine(head, bytes, at, end);
    if (next < 0) {
      if (next == REFUSED) return REFUSED;
      if (cut) return refuse(head, 414, Reason::LONG_REQUEST_LINE);
      head.seen = static_cast<uint32_t>(available);
      return MORE;
    }
    at = static_cast<size_t>(next);
    head.inFields = true;
    head.fieldsAt = static_cast<uint32_t>(at);
  }
  for (;;) {
    head.line = static_cast<uint32_t>(at);
    if (at >= end) break;
    if (bytes[at] == CR) {
      if (at + 1 >= end) break;
      if (bytes[at + 1] != LF) return refuse(head, 400, Reason::CR_WITHOUT_LF);  // 1
      return complete(head, bytes, at + 2);
    }
    const int64_t next = field(head, bytes, at, end);
    if (next < 0) {
      if (next == REFUSED) return REFUSED;
      break;
    }
    if (++head.count > limits.headerCount) return refuse(head, 431, Reason::MANY_FIELDS);  // 8
    at = static_cast<size_t>(next);
  }
  if (cut) return refuse(head, 431, Reason::LONG_HEAD);  // 8
  head.seen = static_cast<uint32_t>(available);
  return MORE;
}

Authority authorityKind(const uint8_t *bytes, size_t length) {
  if (length == 0) return Authority::WRONG;
  if (bytes[0] == '[') {
    // `[` hexadecimal digits, colons and dots `]`, and a port: what it means only `URL` can tell.
    size_t at = 1;
    while (at < length && (hexadecimal(bytes[at]) >= 0 || bytes[at] == ':' || bytes[at] == '.')) at++;
    if (at == 1 || at >= length || bytes[at] != ']') return Authority::WRONG;
    at++;
    if (at == length) return Authority::ODD;
    if (bytes[at] != ':') return Authority::WRONG;
    at++;
    if (at == length || length - at > 5) return Authority::WRONG;
    uint32_t port = 0;
    for (; at < length; at++) {
      if (!isDigit(bytes[at])) return Authority::WRONG;
      port = port * 10 + static_cast<uint32_t>(bytes[at] - '0');
    }
    return port > 65535 ? Authority::WRONG : Authority::ODD;
  }
  bool odd = false;
  size_t at = 0;
  size_t label = 0;
  for (; at < length && bytes[at] != ':'; at++) {
    const uint8_t kind = classes.of[bytes[at]];
    if ((kind & HOST) == 0) return Authority::WRONG;
    if ((kind & UPPER) != 0) odd = true;
    if (bytes[at] == '.') label = at + 1;
    else if (bytes[at] == '-' && at >= label + 3 && bytes[at - 1] == '-') odd = true;  // xn--
  }
  const size_t name = at;
  if (name == 0) return Authority::WRONG;
  if (at < length) {
    at++;
    if (at == length || length - at > 5) return Authority::WRONG;
    // `URL` drops the port of the scheme, and zeros in front.
    if (bytes[at] == '0') odd = true;
    const size_t first = at;
    uint32_t port = 0;
    for (; at < length; at++) {
      if (!isDigit(bytes[at])) return Authority::WRONG;
      port = port * 10 + static_cast<uint32_t>(bytes[at] - '0');
    }
    if (port > 65535) return Authority::WRONG;
    if (length - first == 2 && port == 80) odd = true;
  }
  if (odd || label == name) return Authority::ODD;
  if (!isDigit(bytes[label])) return Authority::NORMAL;
  // A last label that begins with a digit may make it an IPv4 address, in one of many ways; only the usual is known here.
  size_t part = 0;
  int parts = 0;
  while (part < name) {
    size_t end = part;
    uint32_t value = 0;
    while (end < name && isDigit(bytes[end]) && end - part < 4) value = value * 10 + static_cast<uint32_t>(bytes[end++] - '0');
    if (end == part || value > 255 || (end - part > 1 && bytes[part] == '0')) return Authority::ODD;
    parts++;
    if (end == name) break;
    if (bytes[end] != '.') return Authority::ODD;
    part = end + 1;
  }
  return parts == 4 ? Authority::NORMAL : Authority::ODD;
}

}  // namespace whetstone
