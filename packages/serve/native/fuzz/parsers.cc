// Gives the two parsers what nobody would send, whole and in pieces: the verdict must be the same, and no byte outside be touched.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../src/chunk-parser.h"
#include "../src/request-parser.h"

using namespace whetstone;

namespace {

/** A copy that ends where its memory ends, so that a byte read beyond is found. */
struct Copy {
  uint8_t *bytes;
  Copy(const uint8_t *from, size_t length) : bytes(static_cast<uint8_t *>(malloc(length > 0 ? length : 1))) { memcpy(bytes, from, length); }
  ~Copy() { free(bytes); }
};

struct Verdict {
  int64_t end;
  int64_t bodyLength;
  uint16_t status;
  bool keep;
  bool plain;
  uint32_t target;
  bool operator==(const Verdict &other) const {
    return end == other.end && bodyLength == other.bodyLength && status == other.status && keep == other.keep && plain == other.plain && target == other.target;
  }
};

Verdict headVerdict(const uint8_t *data, size_t size, size_t piece, const HeadLimits &limits) {
  Head head{};
  int64_t end = MORE;
  for (size_t there = 0; there < size && end == MORE;) {
    there = size - there < piece ? size : there + piece;
    const Copy copy(data, there);
    end = parseHead(head, copy.bytes, there, limits);
  }
  if (end == MORE) return Verdict{end, 0, 0, false, false, 0};
  if (end == REFUSED) return Verdict{end, 0, head.status, false, false, 0};
  if (head.fieldsAt > end || head.targetStart > head.targetEnd || head.targetEnd > end || head.authorityEnd > end || head.authorityStart > head.authorityEnd) abort();
  return Verdict{end, head.bodyLength, 0, head.keep, head.plain, head.targetEnd - head.targetStart};
}

struct Chunks {
  ChunkOutcome outcome;
  size_t at;
  size_t data;
  uint32_t sum;
  uint32_t trailers;
  uint16_t status;
};

Chunks chunkVerdict(const uint8_t *data, size_t size, size_t piece) {
  ChunkParser parser{};
  Chunks verdict{ChunkOutcome::MORE, 0, 0, 0, 0, 0};
  while (verdict.at < size && verdict.outcome == ChunkOutcome::MORE) {
    const size_t length = size - verdict.at < piece ? size - verdict.at : piece;
    const Copy copy(data + verdict.at, length);
    verdict.outcome = parser.parse(copy.bytes, length, 500, 200);
    if (parser.data > length || parser.at > length) abort();
    verdict.data += parser.data;
    for (size_t i = 0; i < parser.data; i++) verdict.sum = verdict.sum * 31 + copy.bytes[i];
    verdict.at += parser.at;
  }
  verdict.trailers = parser.trailerLength;
  verdict.status = verdict.outcome == ChunkOutcome::REFUSED ? parser.status : 0;
  parser.release();
  return verdict;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = 1 + data[0] % 40;
  const bool chunked = (data[1] & 1) != 0;
  data += 2;
  size -= 2;
  if (chunked) {
    const Chunks whole = chunkVerdict(data, size, SIZE_MAX);
    const Chunks cut = chunkVerdict(data, size, piece);
    if (whole.outcome != cut.outcome || whole.status != cut.status) abort();
    if (whole.outcome == ChunkOutcome::DONE && (whole.at != cut.at || whole.data != cut.data || whole.sum != cut.sum || whole.trailers != cut.trailers)) abort();
    return 0;
  }
  const HeadLimits limits{300, 6};
  const Verdict whole = headVerdict(data, size, SIZE_MAX, limits);
  const Verdict cut = headVerdict(data, size, piece, limits);
  // In pieces, a line is looked at when its end is there: what has none may not be refused yet.
  if (whole.end == REFUSED && cut.end == MORE) return 0;
  if (!(whole == cut)) {
    fprintf(stderr, "whole: %ld %u, cut: %ld %u\n", static_cast<long>(whole.end), whole.status, static_cast<long>(cut.end), cut.status);
    abort();
  }
  return 0;
}
