// Stands in for libFuzzer where there is only g++: changes and joins inputs by chance, and keeps those that it began with.
// Usage: program [seconds] [seed] [file…]; with files it runs these. The input of the moment stands in `last-input`.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);

namespace {

constexpr size_t most = 4096;
constexpr int kept = 512;
unsigned char inputs[kept][most];
size_t lengths[kept];
unsigned long long state = 1;

unsigned chance(unsigned below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<unsigned>((state >> 11) % below);
}

constexpr const char *texts[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "0\r\n\r\n",
                                 "HTTP/1.0", "Connection: close\r\n", "Expect: 100-continue\r\n", "\r\n", "Host: [::1]:80\r\n", ";a=\"b\""};

/** An input in a file: it is there after whatever end. */
struct LastInput {
  size_t length;
  unsigned char bytes[most];
};

}  // namespace

int main(int count, char **values) {
  const long seconds = count > 1 ? atol(values[1]) : 10;
  state = count > 2 ? strtoull(values[2], nullptr, 10) * 2654435761u + 1 : 88172645463325252u;
  if (count > 3) {
    for (int i = 3; i < count; i++) {
      static LastInput last;
      FILE *file = fopen(values[i], "rb");
      if (file == nullptr || fread(&last, sizeof(last), 1, file) != 1 || last.length > most) return 2;
      fclose(file);
      LLVMFuzzerTestOneInput(last.bytes, last.length);
    }
    return 0;
  }
  const int file = open("last-input", O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || ftruncate(file, sizeof(LastInput)) != 0) return 2;
  void *mapped = mmap(nullptr, sizeof(LastInput), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return 2;
  LastInput &last = *static_cast<LastInput *>(mapped);
  const time_t end = time(nullptr) + seconds;
  unsigned long long runs = 0;
  static unsigned char bytes[most];
  while (time(nullptr) < end) {
    const unsigned from = chance(kept);
    size_t length = lengths[from];
    memcpy(bytes, inputs[from], length);
    for (unsigned n = 1 + chance(12); n > 0; n--) {
      const size_t at = length == 0 ? 0 : chance(static_cast<unsigned>(length));
      switch (chance(5)) {
        case 0:
          if (length > 0) bytes[at] = static_cast<unsigned char>(chance(256));
          break;
        case 1:
          if (length > 0) memmove(bytes + at, bytes + at + 1, --length - at);
          break;
        case 2: {
          const char *text = texts[chance(sizeof(texts) / sizeof(texts[0]))];
          const size_t more = strlen(text);
          if (length + more > most) break;
          memmove(bytes + at + more, bytes + at, length - at);
          memcpy(bytes + at, text, more);
          length += more;
          break;
        }
        case 3: {
          const unsigned more = 1 + chance(16);
          for (unsigned i = 0; i < more && length < most; i++) bytes[length++] = static_cast<unsigned char>(chance(256));
          break;
        }
        default:
          if (length > 0) length = at;
      }
    }
    memcpy(last.bytes, bytes, length);
    last.length = length;
    LLVMFuzzerTestOneInput(bytes, length);
    const unsigned to = chance(kept);
    memcpy(inputs[to], bytes, length);
    lengths[to] = length;
    runs++;
  }
  printf("%llu inputs\n", runs);
  return 0;
}
