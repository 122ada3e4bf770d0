// The connections of one listener: sockets in, rows of `boundary.md` out, records back. Knows nothing of Node.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "chunk-parser.h"
#include "request-parser.h"

namespace whetstone {

/** Changes with `boundary.md`. */
constexpr uint32_t boundaryVersion = 1;

/** As in `limits.ts`: sizes in bytes, times in milliseconds. */
struct Options {
  HeadLimits head;
  uint64_t bodyBytes;
  int64_t headerTime;
  int64_t bodyTime;
  int64_t idleTime;
  int64_t sendTime;
  int64_t handlerTime;
  uint32_t connections;
};

/** Whoever takes the rows. */
struct Host {
  void *context;
  /** Milliseconds of a clock that never goes back. */
  int64_t (*now)(void *context);
  /** Takes `count` rows; what it answers stands in `sends` when it returns. */
  void (*batch)(void *context, uint32_t count);
  /** Asks that `run` is called soon. */
  void (*wake)(void *context);
  /** Asks that `retryAccept` is called after so many milliseconds. */
  void (*later)(void *context, uint32_t milliseconds);
  /** Where the bytes of a buffer that was sent stand now; false where they are gone. */
  bool (*resolve)(void *context, void *buffer, const uint8_t **bytes, size_t *length);
  /** The buffer is not needed any more. */
  void (*drop)(void *context, void *buffer);
};

/** Kinds of rows. */
enum : int32_t { REQUEST = 1, PIECE = 2, COMPLETE = 3, OVER = 4, WRITABLE = 5, REFUSAL = 6, DRAINED = 7, STOPPED = 8 };

/** Kinds of records. */
enum : int32_t { KEEP = 1, CLOSE = 2, CONTINUED = 3, CREDIT = 4, CUT = 5, CONTINUED_TELL = 7 };

/** Flags of a request's row. */
enum : int32_t {
  FLAG_1_0 = 1,
  FLAG_KEEP = 2,
  FLAG_BODY_FOLLOWS = 4,
  FLAG_EXPECTS = 8,
  FLAG_UPGRADE = 16,
  FLAG_NOT_PLAIN = 32,
  FLAG_AUTHORITY = 64,
  FLAG_ABSOLUTE = 128,
  FLAG_ADDRESS = 256,
  FLAG_BODY = 512
};

constexpr uint32_t rowColumns = 16;
constexpr uint32_t rowCount = 4096;
constexpr uint32_t sendColumns = 4;
constexpr uint32_t sendCount = 4096;
constexpr uint32_t answerBytes = 1024 * 1024;
constexpr uint32_t stateCount = 16;
constexpr uint32_t counterCount = 16;

/** Memory that JavaScript sees too. */
struct Shared {
  uint8_t *arena;
  size_t arenaBytes;
  int32_t *rows;
  int32_t *sends;
  uint8_t *answers;
  int32_t *state;
  double *counters;
};

enum : uint32_t { STATE_SENDS, STATE_BYTES, STATE_TAKING, STATE_HEADS };
enum : uint32_t { COUNT_CONNECTIONS, COUNT_ACCEPTED, COUNT_TURNED_AWAY, COUNT_REFUSED, COUNT_REQUESTS, COUNT_READ, COUNT_SENT, COUNT_BATCHES };

enum class Phase : uint8_t {
  FREE,
  /** Waiting for a request, or in its head. */
  HEAD,
  /** A body is coming; its request is being handled, or its answer is out and the rest is dropped. */
  BODY,
  /** The request is complete, its answer is not. */
  ANSWER,
  /** The last answer is out: what still comes is dropped, so that closing does not destroy what is on its way. */
  LINGER
};

/** Bytes that were read and not looked at, or a head that is not complete. */
struct Input;
/** Bytes that wait to be sent. */
struct Output;

/** One slot. Ten thousand idle connections cost ten thousand of these and nothing else. */
struct Connection {
  int fd;
  uint32_t slot;
  uint32_t serial;
  uint32_t generation;
  uint32_t nextReady;
  uint32_t nextDirty;
  uint32_t address;
  Phase phase;
  /** 4, 6, or 0 of a unix socket. */
  uint8_t family;
  bool ready : 1;
  bool dirty : 1;
  /** There may be something to read. */
  bool readable : 1;
  /** The client closed its half: what is to be read ends. */
  bool ending : 1;
  /** The end was read. */
  bool ended : 1;
  /** Both halves are closed, or the connection is broken. */
  bool broken : 1;
  bool writable : 1;
  bool waitsForRoom : 1;
  bool watchesRoom : 1;
  bool tellWritable : 1;
  /** A request is with JavaScript, its answer is not complete. */
  bool handed : 1;
  bool told : 1;
  bool began : 1;
  bool keep : 1;
  bool owesContinue : 1;
  bool duplicated : 1;
  bool shut : 1;
  uint32_t dropped;
  uint32_t progress;
  int64_t deadline;
  int64_t sendDeadline;
  int64_t bodyLeft;
  int64_t credit;
  size_t outBytes;
  Input *input;
  ChunkParser *chunks;
  Output *outFirst;
  Output *outLast;
};

/** What one of several workers tells the others: a line of the file that they share. Times in milliseconds. */
struct ShareLine {
  /** Connections; −1: it accepts none. */
  int64_t open;
  /** When it last ticked. */
  int64_t seen;
  /** Number of the moment for which `accepted` counts. */
  int64_t moment;
  int64_t accepted;
  int64_t unused[4];
};

static_assert(sizeof(ShareLine) == 64, "as boundary.md says");

class Core {
 public:
  /** `nullptr` where the kernel gives no memory or no descriptor; `errno` says why. */
  static Core *create(const Options &options, const Host &host);
  static void destroy(Core *core);

  /** Readable when `wake` has something to do. */
  int descriptor() const { return epoll_; }
  Shared &shared() { return shared_; }
  bool closed() const { return closed_; }

  /** Takes over a listening socket. Returns 0 or an error number. */
  int listen(int fd);
  /** Takes a duplicate of a connection's descriptor; false where it was turned away. */
  bool adopt(int fd);
  /** What came, all the way through. */
  void wake();
  /** What is left to do. */
  void run();
  /** Looks at the limits of time. */
  void tick();
  void retryAccept();
  /** Takes what stands in `sends`. */
  void flush();
  /** Sends a buffer that the host keeps until it is dropped; false where the request is not there any more. */
  bool send(uint32_t slot, uint32_t generation, int32_t kind, void *buffer, size_t length);
  struct Released {
    int fd;
    uint8_t *bytes;
    size_t length;
  };
  /** Lets go of a connection; `fd` −1 where the request is not there. `bytes` is to be freed. */
  Released release(uint32_t slot, uint32_t generation);
  /** Writes the address of a connection, with its end; '' where it has none. */
  void addressOf(uint32_t slot, char *text, size_t capacity);
  /** Accepts as one of several; `line` of `lines`, each 64 bytes of a shared file. Returns 0 or an error number. */
  int share(int fd, uint32_t line, uint32_t lines);
  void drain(bool patient);
  void close();

 private:
  Core(const Options &options, const Host &host) : options_(options), host_(host) {}
  bool start();
  void readClock();

  Connection *at(uint32_t slot) const { return &chunks_[slot >> chunkShift][slot & (chunkSlots - 1)]; }
  Connection *known(uint32_t slot, uint32_t generation) const;


  void acceptSome();
  int64_t acceptsOurs();
  int64_t latestMoment() const;
  void beginMoment(int64_t moment);
  void tellShare(int64_t open, int64_t accepted);
  void turnAway(int fd);
  bool refuseWithSpare();
  bool add(int fd, const sockaddr_storage &address, bool duplicated);

  bool poll();
  void ready(Connection *connection);
  void build();
  void deliver();
  void settle();
  bool roomForMore() const;
  int32_t *row(int32_t kind, const Connection *connection);
  void rowOver(Connection *connection, Reason reason, int32_t status, bool answerable);
  void rowPiece(const Connection *connection, int32_t kind, size_t offset, size_t length);

  void drive(Connection *connection);
  void driveHead(Connection *connection);
  void driveBody(Connection *connection);
  void driveAnswer(Connection *connection);
  void driveLinger(Connection *connection);
  int64_t receive(Connection *connection, uint8_t *into, size_t length);
  bool takeHead(Connection *connection, Head &head, uint8_t *bytes, size_t end, size_t available, bool inArena);
  void refuse(Connection *connection, uint16_t status, Reason reason);
  void gone(Connection *connection);
  void finish(Connection *connection);
  void rest(Connection *connection);
  void closeNow(Connection *connection);
  void forget(Connection *connection);
  void endBody(Connection *connection);
  bool keepInput(Connection *connection, const uint8_t *bytes, size_t length, const Head *head);
  void dropInput(Connection *connection);

  void takeSends();
  void transmit(Connection *connection, int32_t kind, const uint8_t *bytes, size_t length);
  void concluded(Connection *connection, int32_t kind);
  void answered(Connection *connection, bool keep);
  void out(Connection *connection, const uint8_t *bytes, size_t length, bool more);
  bool append(Connection *connection, const uint8_t *bytes, size_t length, void *buffer);
  void flushOut(Connection *connection);
  void advanceOut(Connection *connection, size_t sent);
  void dropOut(Connection *connection);
  void afterOut(Connection *connection);
  void waitForRoom(Connection *connection);
  void shut(Connection *connection);
  void checkTimes(Connection *connection);
  const char *dateLine();
  size_t refusalText(char *text, size_t capacity, uint16_t status, Reason reason);

  static constexpr uint32_t chunkShift = 8;
  static constexpr uint32_t chunkSlots = 1 << chunkShift;
  static constexpr uint32_t none = 0xffffffff;

  Options options_;
  Host host_;
  Shared shared_{};
  void *memory_ = nullptr;
  size_t memoryBytes_ = 0;
  size_t headsBytes_ = 0;
  size_t headsNeed_ = 0;
  size_t piecesNeed_ = 0;
  size_t headsEnd_ = 0;
  size_t piecesEnd_ = 0;
  uint32_t rows_ = 0;

  int epoll_ = -1;
  int listen_ = -1;
  int spare_ = -1;
  int64_t now_ = 0;
  int64_t acceptAfter_ = 0;
  bool acceptReady_ = false;
  bool running_ = false;
  bool draining_ = false;
  bool patient_ = false;
  bool tellDrained_ = false;
  bool tellStopped_ = false;
  bool closed_ = false;

  Connection **chunks_ = nullptr;
  uint32_t chunkCount_ = 0;
  uint32_t free_ = none;
  uint32_t open_ = 0;
  uint32_t readyFirst_ = none;
  uint32_t readyLast_ = none;
  uint32_t dirtyFirst_ = none;

  ShareLine *shareLines_ = nullptr;
  size_t shareBytes_ = 0;
  uint32_t shareLine_ = 0;
  uint32_t shareCount_ = 0;
  bool leaving_ = false;
  int64_t takeAnyway_ = 0;
  int64_t timesLeft_ = 0;
  int64_t momentBegan_ = 0;

  int64_t dateSecond_ = -1;
  char date_[64] = {};
};

}  // namespace whetstone
