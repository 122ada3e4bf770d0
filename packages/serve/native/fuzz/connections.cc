// Drives the core as hostile clients and a hostile JavaScript would: an input is a program of sends, closes, ticks,
// answers in and out of turn, and records of nonsense. What the core says is held to what `boundary.md` promises.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../src/core.h"

using namespace whetstone;

namespace {

constexpr int clients = 6;
constexpr int slots = 256;
constexpr int buffers = 64;

#define HOLD(condition)                                            \
  do {                                                             \
    if (!(condition)) {                                            \
      fprintf(stderr, "line %d: " #condition "\n", __LINE__); \
      abort();                                                     \
    }                                                              \
  } while (0)

/** What JavaScript knows of a slot. */
struct Known {
  int32_t generation;
  bool outstanding;
  bool bodyComes;
  bool told;
};

struct Buffer {
  bool used;
  bool taken;
  uint8_t *bytes;
  size_t length;
};

struct World {
  const uint8_t *at;
  const uint8_t *end;
  Core *core;
  int64_t now;
  bool woken;
  bool later;
  int client[clients];
  Known known[slots];
  Buffer buffer[buffers];
  uint64_t bodyBytes;
  bool drained;
  /** Where the core listens; 0 where connections are handed to it. */
  uint16_t port;
  uint8_t sum;

  uint8_t next() { return at < end ? *at++ : 0; }
};

constexpr const char *pieces[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /user/1?x=y HTTP/1.1\r\nHost: a.example:8080\r\nConnection: keep-alive\r\nX-Agent: z\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    "hello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "0\r\nX-Sum: 1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\nExpect: 100-continue\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw",
    "GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "\r\n",
};

int64_t hostNow(void *context) { return static_cast<World *>(context)->now; }
void hostWake(void *context) { static_cast<World *>(context)->woken = true; }
void hostLater(void *context, uint32_t) { static_cast<World *>(context)->later = true; }

bool hostResolve(void *, void *handle, const uint8_t **bytes, size_t *length) {
  const Buffer *buffer = static_cast<Buffer *>(handle);
  HOLD(buffer->used);
  if (buffer->taken) return false;
  *bytes = buffer->bytes;
  *length = buffer->length;
  return true;
}

void hostDrop(void *, void *handle) {
  Buffer *buffer = static_cast<Buffer *>(handle);
  HOLD(buffer->used);
  if (!buffer->taken) free(buffer->bytes);
  *buffer = Buffer{};
}

void record(Shared &shared, int32_t kind, int32_t slot, int32_t generation, uint32_t length, const void *bytes) {
  if (shared.state[STATE_SENDS] >= static_cast<int32_t>(sendCount)) return;
  if (bytes != nullptr && shared.state[STATE_BYTES] + length > answerBytes) return;
  int32_t *send = shared.sends + shared.state[STATE_SENDS]++ * static_cast<int32_t>(sendColumns);
  send[0] = kind;
  send[1] = slot;
  send[2] = generation;
  send[3] = static_cast<int32_t>(length);
  if (bytes == nullptr) return;
  memcpy(shared.answers + shared.state[STATE_BYTES], bytes, length);
  shared.state[STATE_BYTES] += static_cast<int32_t>(length);
}

/** Does with a request what the next bytes say. */
void act(World &world, int32_t slot) {
  Shared &shared = world.core->shared();
  Known &known = world.known[slot];
  static uint8_t text[200000];
  const uint8_t what = world.next();
  const uint32_t length = what >= 128 ? static_cast<uint32_t>(world.next()) * 700 : static_cast<uint32_t>(what) * 3;
  switch (what & 15) {
    case 0: case 1: case 2:
      record(shared, KEEP, slot, known.generation, length, text);
      known.outstanding = false;
      break;
    case 3:
      record(shared, CLOSE, slot, known.generation, length, text);
      known.outstanding = false;
      break;
    case 4:
      record(shared, CONTINUED, slot, known.generation, length, text);
      break;
    case 5:
      record(shared, CONTINUED_TELL, slot, known.generation, length, text);
      break;
    case 6:
      record(shared, CONTINUED, slot, known.generation, length, text);
      record(shared, CONTINUED_TELL, slot, known.generation, length, text);
      record(shared, KEEP, slot, known.generation, length, text);
      known.outstanding = false;
      break;
    case 7:
      record(shared, CREDIT, slot, known.generation, length, nullptr);
      break;
    case 8:
      record(shared, CUT, slot, known.generation, length, nullptr);
      known.outstanding = false;
      break;
    case 9:
      // Twice, and of an earlier request.
      record(shared, KEEP, slot, known.generation, length, text);
      record(shared, KEEP, slot, known.generation, length, text);
      record(shared, KEEP, slot, known.generation - 1, length, text);
      known.outstanding = false;
      break;
    case 10: case 11: {
      int free = -1;
      for (int i = 0; i < buffers; i++)
        if (!world.buffer[i].used) free = i;
      if (free < 0) break;
      Buffer &buffer = world.buffer[free];
      buffer = Buffer{true, false, static_cast<uint8_t *>(calloc(1, length + 1)), length};
      const int32_t kind = (what & 15) == 10 ? KEEP : CONTINUED_TELL;
      if (kind == KEEP) known.outstanding = false;
      world.core->send(static_cast<uint32_t>(slot), static_cast<uint32_t>(known.generation), kind, &buffer, length);
      break;
    }
    case 12: {
      const Core::Released released = world.core->release(static_cast<uint32_t>(slot), static_cast<uint32_t>(known.generation));
      if (released.fd >= 0) {
        close(released.fd);
        known.outstanding = false;
      }
      free(released.bytes);
      break;
    }
    case 13:
      world.core->flush();
      break;
    default:
      break;
  }
}

void hostBatch(void *context, uint32_t count) {
  World &world = *static_cast<World *>(context);
  Shared &shared = world.core->shared();
  HOLD(count > 0 && count <= rowCount);
  HOLD(shared.state[STATE_TAKING] == 1);
  const size_t heads = static_cast<size_t>(shared.state[STATE_HEADS]);
  HOLD(heads <= shared.arenaBytes);
  for (uint32_t i = 0; i < count; i++) {
    const int32_t *row = shared.rows + i * rowColumns;
    const int32_t slot = row[1];
    HOLD(slot >= 0 && slot < slots);
    Known &known = world.known[slot];
    const auto within = [&](int32_t offset, int32_t length, size_t limit) {
      HOLD(offset >= 0 && length >= 0 && static_cast<size_t>(offset) + static_cast<size_t>(length) <= limit);
      uint8_t sum = 0;
      for (int32_t at = 0; at < length; at++) sum = static_cast<uint8_t>(sum + shared.arena[offset + at]);
      *const_cast<volatile uint8_t *>(&world.sum) = sum;
    };
    switch (row[0]) {
      case REQUEST:
        HOLD(row[2] != known.generation);
        within(row[5], row[6], heads);
        within(row[7], row[8], heads);
        HOLD(row[9] > row[5] && row[9] <= row[5] + row[6] + 2);
        within(row[10], row[11], heads);
        HOLD(row[3] >= 0 && row[3] < 7);
        known = Known{row[2], true, (row[4] & FLAG_BODY_FOLLOWS) != 0, false};
        if (!known.bodyComes) within(row[12], row[13], shared.arenaBytes);
        if (!known.bodyComes) HOLD(static_cast<uint64_t>(row[13]) <= world.bodyBytes);
        act(world, slot);
        break;
      case PIECE:
      case COMPLETE:
        within(row[12], row[13], shared.arenaBytes);
        // What was answered meanwhile in this batch is not known to the core yet.
        if (known.outstanding) HOLD(row[2] == known.generation && known.bodyComes);
        if (row[0] == COMPLETE) known.bodyComes = false;
        if (known.outstanding) act(world, slot);
        break;
      case OVER:
        if (known.outstanding) {
          HOLD(row[2] == known.generation);
          HOLD(!known.told || row[4] == 0);
          known.told = true;
          if (row[4] == 0) known.outstanding = false;
          else act(world, slot);
        }
        HOLD(row[15] >= 400 && row[15] < 600);
        break;
      case WRITABLE:
        if (known.outstanding) {
          HOLD(row[2] == known.generation);
          act(world, slot);
        }
        break;
      case REFUSAL:
        HOLD(row[15] >= 400 && row[15] < 600);
        HOLD(row[3] > 0 && row[3] < static_cast<int32_t>(Reason::COUNT));
        break;
      case DRAINED:
        HOLD(shared.counters[COUNT_CONNECTIONS] == 0);
        world.drained = true;
        break;
      case STOPPED:
        break;
      default:
        HOLD(false);
    }
  }
}

void turn(World &world) {
  for (int i = 0; i < 20; i++) {
    world.woken = false;
    world.core->wake();
    if (world.later) {
      world.later = false;
      world.core->retryAccept();
    }
    if (!world.woken) break;
  }
}

void connect(World &world, int i, bool tcp) {
  if (world.client[i] >= 0) close(world.client[i]);
  world.client[i] = -1;
  int pair[2];
  if (world.port != 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(world.port);
    pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const linger reset{1, 0};
    setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    // Refused where the core drains.
    ::connect(pair[0], reinterpret_cast<sockaddr *>(&address), sizeof(address));
    world.client[i] = pair[0];
    return;
  }
  if (!tcp) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) return;
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, reinterpret_cast<sockaddr *>(&address), length) < 0 || listen(server, 1) < 0 ||
        getsockname(server, reinterpret_cast<sockaddr *>(&address), &length) < 0 ||
        ::connect(pair[0], reinterpret_cast<sockaddr *>(&address), length) < 0) {
      close(server);
      close(pair[0]);
      return;
    }
    pair[1] = accept(server, nullptr, nullptr);
    close(server);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    const linger reset{1, 0};
    setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  const int little = 4096;
  setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
  world.core->adopt(pair[1]);
  close(pair[1]);
  world.client[i] = pair[0];
}

/** Lets the core listen, as one of two that share a file in which the other writes what it likes. */
void listenAlso(World &world, bool shared) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, reinterpret_cast<sockaddr *>(&address), length) < 0 || listen(server, 16) < 0 ||
      getsockname(server, reinterpret_cast<sockaddr *>(&address), &length) < 0 || world.core->listen(server) != 0) {
    close(server);
    return;
  }
  world.port = ntohs(address.sin_port);
  if (!shared) return;
  const int file = memfd_create("share", 0);
  uint8_t lines[128];
  memset(lines, 0xff, sizeof(lines));
  // Small figures: those of a worker, however wrong.
  for (size_t at = 64; at < sizeof(lines); at += 8) {
    memset(lines + at, 0, 8);
    lines[at] = world.next();
  }
  const int64_t seen = world.now;
  memcpy(lines + 72, &seen, sizeof(seen));
  if (write(file, lines, sizeof(lines)) == static_cast<ssize_t>(sizeof(lines))) HOLD(world.core->share(file, 0, 2) == 0);
  HOLD(world.core->share(file, 2, 2) != 0);
  close(file);
}

void step(World &world) {
  static uint8_t scratch[70000];
  const uint8_t op = world.next();
  const int i = (op >> 4) % clients;
  const int fd = world.client[i];
  switch (op & 15) {
    case 0:
      connect(world, i, world.next() >= 250);
      break;
    case 1: case 2: {
      const uint8_t which = world.next();
      const char *piece = pieces[which % (sizeof(pieces) / sizeof(pieces[0]))];
      if (fd >= 0) send(fd, piece, strlen(piece), MSG_NOSIGNAL);
      break;
    }
    case 3: {
      // Bytes of the input itself.
      size_t length = world.next();
      if (length > static_cast<size_t>(world.end - world.at)) length = static_cast<size_t>(world.end - world.at);
      if (fd >= 0 && length > 0) send(fd, world.at, length, MSG_NOSIGNAL);
      world.at += length;
      break;
    }
    case 4: {
      const size_t length = static_cast<size_t>(world.next()) * 270;
      memset(scratch, 'x', sizeof(scratch));
      if (fd >= 0) send(fd, scratch, length, MSG_NOSIGNAL);
      break;
    }
    case 5: {
      const size_t length = static_cast<size_t>(world.next()) * 270;
      if (fd >= 0 && length > 0) while (recv(fd, scratch, length, MSG_DONTWAIT) == static_cast<ssize_t>(length)) continue;
      break;
    }
    case 6:
      if (fd >= 0) shutdown(fd, SHUT_WR);
      break;
    case 7:
      if (fd >= 0) close(fd);
      world.client[i] = -1;
      break;
    case 8:
      world.now += static_cast<int64_t>(world.next()) * 4;
      world.core->tick();
      break;
    case 9: case 10: case 11:
      turn(world);
      break;
    case 12: {
      // A request that waits is answered now.
      const int from = world.next();
      for (int n = 0; n < slots; n++) {
        const int slot = (from + n) % slots;
        if (!world.known[slot].outstanding) continue;
        act(world, slot);
        break;
      }
      world.core->flush();
      break;
    }
    case 13: {
      const uint8_t what = world.next();
      if (what < 20) world.core->drain((what & 1) != 0);
      else if (what < 40) {
        for (Buffer &buffer : world.buffer)
          if (buffer.used && !buffer.taken) {
            free(buffer.bytes);
            buffer.taken = true;
          }
      }
      break;
    }
    case 14: {
      // Nonsense where records are.
      Shared &shared = world.core->shared();
      int32_t *sends = shared.sends;
      for (int n = 0; n < 16; n++) sends[n] = static_cast<int8_t>(world.next());
      shared.state[STATE_SENDS] = static_cast<int8_t>(world.next());
      shared.state[STATE_BYTES] = static_cast<int8_t>(world.next());
      world.core->flush();
      for (Known &known : world.known) known.outstanding = false;
      break;
    }
    default:
      world.core->run();
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) return 0;
  static World world;
  world = World{};
  world.at = data;
  world.end = data + size;
  for (int &fd : world.client) fd = -1;
  const uint8_t setting = world.next();
  Options options{};
  options.head = {(setting & 1) != 0 ? 16384u : 200u, (setting & 2) != 0 ? 100u : 3u};
  options.bodyBytes = (setting & 4) != 0 ? 1 << 20 : 1000;
  options.headerTime = options.bodyTime = options.idleTime = options.sendTime = options.handlerTime = 1000;
  options.connections = (setting & 8) != 0 ? 100 : 3;
  world.bodyBytes = options.bodyBytes;
  world.now = 1000000;
  world.core = Core::create(options, {&world, hostNow, hostBatch, hostWake, hostLater, hostResolve, hostDrop});
  if (world.core == nullptr) return 0;
  if ((setting & 48) == 48) listenAlso(world, (setting & 64) != 0);
  connect(world, 0, false);
  for (int n = 0; n < 300 && world.at < world.end; n++) {
    step(world);
    HOLD(world.core->shared().counters[COUNT_CONNECTIONS] >= 0);
  }
  turn(world);
  // All limits of time are over: whoever is connected now is not kept.
  for (int n = 0; n < 12; n++) {
    world.now += 3000;
    world.core->tick();
    turn(world);
  }
  for (int &fd : world.client) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  turn(world);
  // Whoever began an answer may take for ever to end it.
  for (int32_t slot = 0; slot < slots; slot++) record(world.core->shared(), CUT, slot, world.known[slot].generation, 0, nullptr);
  world.core->flush();
  world.core->drain(false);
  world.now += 100000;
  world.core->tick();
  turn(world);
  world.now += 100000;
  world.core->tick();
  turn(world);
  HOLD(world.core->shared().counters[COUNT_CONNECTIONS] == 0);
  HOLD(world.drained);
  Core::destroy(world.core);
  for (const Buffer &buffer : world.buffer) HOLD(!buffer.used);
  return 0;
}
