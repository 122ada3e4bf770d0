#include "core.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

namespace whetstone {

struct Input {
  uint32_t capacity;
  /** Where what is not looked at begins, and ends. */
  uint32_t at;
  uint32_t end;
  Head head;

  uint8_t *bytes() { return reinterpret_cast<uint8_t *>(this + 1); }
};

struct Output {
  Output *next;
  size_t capacity;
  size_t at;
  size_t end;
  /** Of the host, instead of bytes behind this. */
  void *buffer;

  uint8_t *bytes() { return reinterpret_cast<uint8_t *>(this + 1); }
};

namespace {

constexpr int64_t NEVER = INT64_MAX;

/** What one call to the kernel reads at most. */
constexpr size_t readBytes = 64 * 1024;
/** Bytes of an answer that may wait before the next request is looked at, and before a writer is told to wait. */
constexpr size_t waitingBytes = 64 * 1024;
/** Bytes of an unread body that are dropped to keep the connection. */
constexpr int64_t droppedBytes = 64 * 1024;
/** Bytes of a body that come before anybody reads it. */
constexpr int64_t firstCredit = 64 * 1024;
/** Bytes that may come behind the last answer, and milliseconds that they may take. */
constexpr uint32_t lingerBytes = 1024 * 1024;
constexpr int64_t lingerTime = 2000;
/** Rows that one connection may need at once. */
constexpr uint32_t rowsAtOnce = 4;
/** Batches of one wake-up, before others have their turn in the loop. */
constexpr int roundsAtOnce = 8;
/** Connections accepted before the others have their turn. */
constexpr int acceptsAtOnce = 64;
constexpr uint32_t eventsAtOnce = 512;
constexpr int partsAtOnce = 64;
/** Milliseconds to wait with accepting, where the kernel lacks something. */
constexpr int64_t acceptPause = 100;
constexpr uint32_t mostChunks = 1024;
constexpr uint64_t listenTag = UINT64_MAX;
/** Connections that a worker may have above its share, and milliseconds that it leaves accepting to the others. */
constexpr int64_t shareAhead = 2;
constexpr uint32_t shareWait = 300;
/** Milliseconds of a moment at least, and connections by which one that has fewer open is ahead in it. */
constexpr int64_t shareMoment = 100;
constexpr int64_t shareTip = 4;
/** A worker that has not ticked for so long, milliseconds, is not waited for. */
constexpr int64_t shareAbsence = 2500;
constexpr uint32_t generationMask = 0x7fffffff;

int64_t saturated(int64_t now, int64_t time) { return time > NEVER - now ? NEVER : now + time; }

size_t max(size_t a, size_t b) { return a > b ? a : b; }
int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
size_t min(size_t a, size_t b) { return a < b ? a : b; }

// As `recv` and `send`, without what glibc does about threads that are cancelled: nobody cancels one here.
ssize_t receiveSome(int fd, uint8_t *into, size_t length) { return syscall(SYS_recvfrom, fd, into, length, MSG_DONTWAIT, nullptr, nullptr); }
ssize_t sendSome(int fd, const uint8_t *bytes, size_t length) {
  return syscall(SYS_sendto, fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
}

const char *phraseOf(uint16_t status) {
  switch (status) {
    case 408: return "Request Timeout";
    case 413: return "Payload Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Bad Request";
  }
}

}  // namespace

// ---- beginning and end

Core *Core::create(const Options &options, const Host &host) {
  void *place = malloc(sizeof(Core));
  if (place == nullptr) return nullptr;
  Core *core = new (place) Core(options, host);
  if (core->start()) return core;
  const int error = errno;
  destroy(core);
  errno = error;
  return nullptr;
}

bool Core::start() {
  const size_t headerBytes = options_.head.headerBytes;
  headsNeed_ = max(readBytes, headerBytes);
  piecesNeed_ = 2 * headerBytes + 2 * readBytes;
  headsBytes_ = max(size_t{1024 * 1024}, 4 * headsNeed_);
  const size_t piecesBytes = max(size_t{1024 * 1024}, 4 * piecesNeed_);
  const size_t page = 4096;
  const size_t arenaBytes = (headsBytes_ + piecesBytes + page - 1) & ~(page - 1);
  const size_t rowBytes = sizeof(int32_t) * rowColumns * rowCount;
  const size_t sendBytes = sizeof(int32_t) * sendColumns * sendCount;
  memoryBytes_ = arenaBytes + rowBytes + sendBytes + answerBytes + 2 * page;
  void *memory = mmap(nullptr, memoryBytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  memory_ = memory;
  uint8_t *at = static_cast<uint8_t *>(memory);
  shared_.arena = at;
  shared_.arenaBytes = arenaBytes;
  at += arenaBytes;
  shared_.rows = reinterpret_cast<int32_t *>(at);
  at += rowBytes;
  shared_.sends = reinterpret_cast<int32_t *>(at);
  at += sendBytes;
  shared_.answers = at;
  at += answerBytes;
  shared_.state = reinterpret_cast<int32_t *>(at);
  shared_.counters = reinterpret_cast<double *>(at + page);
  chunks_ = static_cast<Connection **>(calloc(mostChunks, sizeof(Connection *)));
  if (chunks_ == nullptr) return false;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return false;
  spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  readClock();
  return true;
}

void Core::destroy(Core *core) {
  core->close();
  free(core->chunks_);
  if (core->memory_ != nullptr) munmap(core->memory_, core->memoryBytes_);
  free(core);
}

void Core::close() {
  if (closed_) return;
  closed_ = true;
  for (uint32_t i = 0; i < chunkCount_ * chunkSlots; i++) {
    Connection *connection = at(i);
    if (connection->phase != Phase::FREE) closeNow(connection);
  }
  for (uint32_t i = 0; i < chunkCount_; i++) free(chunks_[i]);
  chunkCount_ = 0;
  readyFirst_ = readyLast_ = dirtyFirst_ = free_ = none;
  if (listen_ >= 0) ::close(listen_);
  if (spare_ >= 0) ::close(spare_);
  if (epoll_ >= 0) ::close(epoll_);
  listen_ = spare_ = epoll_ = -1;
  if (shareLines_ != nullptr) {
    tellShare(-1, 0);
    munmap(shareLines_, shareBytes_);
    shareLines_ = nullptr;
  }
}

void Core::readClock() { now_ = host_.now(host_.context); }

void Core::drain(bool patient) {
  if (closed_) return;
  draining_ = true;
  patient_ = patient;
  if (listen_ >= 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, listen_, nullptr);
    ::close(listen_);
    listen_ = -1;
    acceptReady_ = false;
  }
  tellShare(-1, 0);
  if (!patient)
    for (uint32_t i = 0; i < chunkCount_ * chunkSlots; i++) {
      Connection *connection = at(i);
      if (connection->phase != Phase::HEAD) continue;
      // A request that has come already is not lost.
      connection->readable = true;
      ready(connection);
    }
  if (open_ == 0) tellDrained_ = true;
  tellStopped_ = true;
  host_.wake(host_.context);
}

// ---- accepting

int Core::listen(int fd) {
  if (listen_ >= 0 || draining_ || closed_) return EALREADY;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
  // An inherited one would go on to whatever a handler starts.
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  // Accepted sockets have it from the one that listens; a unix socket knows no such thing.
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = listenTag;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) return errno;
  listen_ = fd;
  return 0;
}

void Core::retryAccept() {
  if (closed_ || listen_ < 0) return;
  readClock();
  // Whom it was left to may not have come: some are taken all the same, each time one more.
  takeAnyway_ = leaving_ ? ++timesLeft_ : 0;
  leaving_ = false;
  acceptReady_ = true;
  run();
}

void Core::acceptSome() {
  if (listen_ < 0 || now_ < acceptAfter_) {
    acceptReady_ = false;
    return;
  }
  const int64_t ours = acceptsOurs();
  takeAnyway_ = 0;
  for (int64_t i = 0; i < acceptsAtOnce; i++) {
    if (i >= ours) {
      // Every one that comes wakes the others too; whoever does not come in time is helped out.
      acceptReady_ = false;
      leaving_ = true;
      host_.later(host_.context, shareWait);
      return;
    }
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    const int fd = accept4(listen_, reinterpret_cast<sockaddr *>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      add(fd, address, false);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if ((errno == EMFILE || errno == ENFILE) && refuseWithSpare()) continue;
    acceptReady_ = false;
    if (errno == EAGAIN) {
      timesLeft_ = 0;
      // A moment ends only when nobody waits any more.
      if (shareLines_ != nullptr && now_ - momentBegan_ >= shareMoment) beginMoment(latestMoment() + 1);
      return;
    }
    // Out of descriptors or memory: what waits stays with the kernel for a moment.
    acceptAfter_ = now_ + acceptPause;
    host_.later(host_.context, static_cast<uint32_t>(acceptPause));
    return;
  }
}

/** Answers one connection by the descriptor that was kept for this; false where there is none, or no connection. */
bool Core::refuseWithSpare() {
  if (spare_ < 0) spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int reason = errno;
  if (spare_ < 0) {
    errno = EMFILE;
    return false;
  }
  ::close(spare_);
  const int fd = accept4(listen_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  const int error = errno;
  if (fd >= 0) turnAway(fd);
  spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  errno = fd >= 0 ? reason : error;
  return fd >= 0;
}

/** Says that there are too many, and closes. */
void Core::turnAway(int fd) {
  shared_.counters[COUNT_TURNED_AWAY]++;
  char text[256];
  const int length = snprintf(text, sizeof(text), "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n%s\r\n", dateLine());
  if (length > 0 && ::send(fd, text, static_cast<size_t>(length), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
    ::shutdown(fd, SHUT_WR);
    // What came is read, so that closing is no reset that takes the answer back.
    char dropped[4096];
    for (int i = 0; i < 16 && recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT) == static_cast<ssize_t>(sizeof(dropped)); i++) continue;
  }
  ::close(fd);
}

bool Core::adopt(int fd) {
  if (closed_ || draining_) return false;
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) {
    shared_.counters[COUNT_TURNED_AWAY]++;
    return false;
  }
  const int flags = fcntl(own, F_GETFL);
  if (flags >= 0) fcntl(own, F_SETFL, flags | O_NONBLOCK);
  const int on = 1;
  setsockopt(own, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  getpeername(own, reinterpret_cast<sockaddr *>(&address), &length);
  return add(own, address, true);
}

bool Core::add(int fd, const sockaddr_storage &address, bool duplicated) {
  if (open_ >= options_.connections) {
    turnAway(fd);
    return false;
  }
  if (free_ == none) {
    Connection *chunk = chunkCount_ < mostChunks ? static_cast<Connection *>(calloc(chunkSlots, sizeof(Connection))) : nullptr;
    if (chunk == nullptr) {
      turnAway(fd);
      return false;
    }
    const uint32_t first = chunkCount_ * chunkSlots;
    chunks_[chunkCount_++] = chunk;
    for (uint32_t i = chunkSlots; i-- > 0;) {
      chunk[i].slot = first + i;
      chunk[i].nextReady = free_;
      free_ = first + i;
    }
  }
  Connection *connection = at(free_);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.u64 = static_cast<uint64_t>(connection->serial + 1) << 32 | connection->slot;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) {
    turnAway(fd);
    return false;
  }
  free_ = connection->nextReady;
  const uint32_t slot = connection->slot;
  const uint32_t serial = connection->serial + 1;
  const uint32_t generation = connection->generation;
  memset(static_cast<void *>(connection), 0, sizeof(Connection));
  connection->fd = fd;
  connection->slot = slot;
  connection->serial = serial;
  connection->generation = generation;
  connection->nextReady = none;
  connection->nextDirty = none;
  connection->phase = Phase::HEAD;
  connection->duplicated = duplicated;
  connection->deadline = saturated(now_, options_.idleTime);
  connection->sendDeadline = NEVER;
  if (address.ss_family == AF_INET) {
    connection->family = 4;
    connection->address = ntohl(reinterpret_cast<const sockaddr_in *>(&address)->sin_addr.s_addr);
  } else if (address.ss_family == AF_INET6) {
    connection->family = 6;
  }
  open_++;
  shared_.counters[COUNT_CONNECTIONS] = open_;
  shared_.counters[COUNT_ACCEPTED]++;
  tellShare(open_, 1);
  return true;
}

int Core::share(int fd, uint32_t line, uint32_t lines) {
  if (shareLines_ != nullptr || lines == 0 || lines > 4096 || line >= lines) return EINVAL;
  const size_t bytes = lines * sizeof(ShareLine);
  const off_t there = lseek(fd, 0, SEEK_END);
  if (there < 0) return errno;
  // Memory behind a file's end kills who touches it.
  if (there < static_cast<off_t>(bytes)) return EINVAL;
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  shareLines_ = static_cast<ShareLine *>(memory);
  shareBytes_ = bytes;
  shareLine_ = line;
  shareCount_ = lines;
  readClock();
  beginMoment(latestMoment());
  tellShare(draining_ ? -1 : open_, 0);
  return 0;
}

/**
 * How many of the connections that wait are ours to accept, as one of several; the rest is left to the others.
 *
 * What each accepted within a moment is what is to be equal: a worker that did not run has not heard yet of those
 * that were closed, so what is open only tips the scales.
 */
int64_t Core::acceptsOurs() {
  if (shareLines_ == nullptr) return acceptsAtOnce;
  ShareLine &own = shareLines_[shareLine_];
  const int64_t moment = latestMoment();
  if (own.moment != moment) beginMoment(moment);
  int64_t open = 0;
  int64_t lately = 0;
  int64_t workers = 0;
  for (uint32_t i = 0; i < shareCount_; i++) {
    const ShareLine &line = shareLines_[i];
    const int64_t its = __atomic_load_n(&line.open, __ATOMIC_RELAXED);
    if (its < 0 || now_ - __atomic_load_n(&line.seen, __ATOMIC_RELAXED) > shareAbsence) continue;
    open += its;
    if (__atomic_load_n(&line.moment, __ATOMIC_RELAXED) == moment) lately += __atomic_load_n(&line.accepted, __ATOMIC_RELAXED);
    workers++;
  }
  if (workers < 2) return acceptsAtOnce;
  // Of a socket that listens, this is how many wait; a unix socket does not tell.
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (getsockopt(listen_, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) lately += info.tcpi_unacked;
  const int64_t above = static_cast<int64_t>(open_) - open / workers;
  const int64_t tipped = above > shareTip ? shareTip : above < -shareTip ? -shareTip : above;
  return max(lately / workers + shareAhead - own.accepted - tipped, takeAnyway_);
}

int64_t Core::latestMoment() const {
  int64_t latest = 0;
  for (uint32_t i = 0; i < shareCount_; i++) latest = max(latest, __atomic_load_n(&shareLines_[i].moment, __ATOMIC_RELAXED));
  return latest;
}

void Core::beginMoment(int64_t moment) {
  ShareLine &own = shareLines_[shareLine_];
  __atomic_store_n(&own.accepted, int64_t{0}, __ATOMIC_RELAXED);
  __atomic_store_n(&own.moment, moment, __ATOMIC_RELAXED);
  momentBegan_ = now_;
}

/** Writes what the others are to know; `accepted` connections more. */
void Core::tellShare(int64_t open, int64_t accepted) {
  if (shareLines_ == nullptr) return;
  ShareLine &own = shareLines_[shareLine_];
  __atomic_store_n(&own.accepted, own.accepted + accepted, __ATOMIC_RELAXED);
  __atomic_store_n(&own.open, open, __ATOMIC_RELAXED);
  __atomic_store_n(&own.seen, now_, __ATOMIC_RELAXED);
}

// ---- turns

void Core::wake() {
  if (closed_ || running_) return;
  running_ = true;
  readClock();
  poll();
  running_ = false;
  run();
}

/** Queues the connections on which something happened; false where there was nothing. */
bool Core::poll() {
  epoll_event events[eventsAtOnce];
  const int count = epoll_wait(epoll_, events, eventsAtOnce, 0);
  for (int i = 0; i < count; i++) {
    const uint64_t tag = events[i].data.u64;
    if (tag == listenTag) {
      acceptReady_ = true;
      continue;
    }
    const uint32_t slot = static_cast<uint32_t>(tag);
    if (slot >= chunkCount_ * chunkSlots) continue;
    Connection *connection = at(slot);
    if (connection->phase == Phase::FREE || connection->serial != static_cast<uint32_t>(tag >> 32)) continue;
    const uint32_t what = events[i].events;
    if ((what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) connection->readable = true;
    if ((what & (EPOLLRDHUP | EPOLLHUP)) != 0) connection->ending = true;
    if ((what & EPOLLERR) != 0 || (what & (EPOLLHUP | EPOLLIN)) == EPOLLHUP) connection->broken = true;
    if ((what & EPOLLOUT) != 0) connection->writable = true;
    ready(connection);
  }
  return count > 0;
}

void Core::run() {
  if (closed_ || running_) return;
  running_ = true;
  readClock();
  const int64_t began = now_;
  for (int round = 0; round < roundsAtOnce && !closed_; round++) {
    if (acceptReady_) acceptSome();
    build();
    if (tellDrained_ && open_ == 0) {
      tellDrained_ = tellStopped_ = false;
      row(DRAINED, nullptr);
    } else if (tellStopped_ && readyFirst_ == none) {
      tellStopped_ = false;
      row(STOPPED, nullptr);
    }
    const bool delivered = rows_ > 0;
    if (delivered) deliver();
    if (readyFirst_ != none || acceptReady_ || tellDrained_) continue;
    // While this was answered, more may have come: to look here costs less than a turn of the loop.
    if (!delivered || closed_ || now_ != began) break;
    settle();
    if (!poll()) break;
  }
  if (!closed_) settle();
  running_ = false;
  if (!closed_ && (readyFirst_ != none || acceptReady_ || tellDrained_)) host_.wake(host_.context);
}

void Core::deliver() {
  const uint32_t count = rows_;
  shared_.state[STATE_HEADS] = static_cast<int32_t>(headsEnd_);
  shared_.state[STATE_TAKING] = 1;
  shared_.counters[COUNT_BATCHES]++;
  host_.batch(host_.context, count);
  shared_.state[STATE_TAKING] = 0;
  rows_ = 0;
  headsEnd_ = 0;
  piecesEnd_ = 0;
  if (closed_) return;
  // Handlers may have taken long.
  readClock();
  takeSends();
}

/** Puts a connection in the queue of those that may get on. */
void Core::ready(Connection *connection) {
  if (connection->ready) return;
  connection->ready = true;
  connection->nextReady = none;
  if (readyFirst_ == none) readyFirst_ = connection->slot;
  else at(readyLast_)->nextReady = connection->slot;
  readyLast_ = connection->slot;
  if (!running_) host_.wake(host_.context);
}

bool Core::roomForMore() const {
  return rows_ + rowsAtOnce < rowCount && headsBytes_ - headsEnd_ >= headsNeed_ &&
         shared_.arenaBytes - headsBytes_ - piecesEnd_ >= piecesNeed_;
}

void Core::build() {
  while (readyFirst_ != none && roomForMore()) {
    Connection *connection = at(readyFirst_);
    readyFirst_ = connection->nextReady;
    if (readyFirst_ == none) readyLast_ = none;
    connection->nextReady = none;
    connection->ready = false;
    // In the free list it is linked otherwise; whoever is freed leaves this queue by this.
    if (connection->phase == Phase::FREE) {
      forget(connection);
      continue;
    }
    drive(connection);
  }
}

/** Sends what was gathered behind others' answers. */
void Core::settle() {
  while (dirtyFirst_ != none) {
    Connection *connection = at(dirtyFirst_);
    dirtyFirst_ = connection->nextDirty;
    connection->nextDirty = none;
    connection->dirty = false;
    if (connection->phase == Phase::FREE) {
      forget(connection);
      continue;
    }
    if (!connection->waitsForRoom) flushOut(connection);
  }
}

int32_t *Core::row(int32_t kind, const Connection *connection) {
  int32_t *row = shared_.rows + rows_ * rowColumns;
  rows_++;
  memset(row, 0, rowColumns * sizeof(int32_t));
  row[0] = kind;
  if (connection != nullptr) {
    row[1] = static_cast<int32_t>(connection->slot);
    row[2] = static_cast<int32_t>(connection->generation);
  }
  return row;
}

void Core::rowOver(Connection *connection, Reason reason, int32_t status, bool answerable) {
  if (!connection->handed) return;
  if (!connection->told || !answerable) {
    int32_t *over = row(OVER, connection);
    over[3] = static_cast<int32_t>(reason);
    over[4] = answerable ? 1 : 0;
    over[15] = status;
  }
  connection->told = true;
  if (!answerable) connection->handed = false;
}

void Core::rowPiece(const Connection *connection, int32_t kind, size_t offset, size_t length) {
  int32_t *piece = row(kind, connection);
  piece[12] = static_cast<int32_t>(offset);
  piece[13] = static_cast<int32_t>(length);
}

// ---- reading

void Core::drive(Connection *connection) {
  if (connection->broken) {
    gone(connection);
    return;
  }
  if (connection->writable) {
    connection->writable = false;
    connection->waitsForRoom = false;
    if (connection->outFirst != nullptr) flushOut(connection);
    if (connection->phase == Phase::FREE) return;
    if (connection->broken) {
      gone(connection);
      return;
    }
  }
  if (connection->tellWritable && connection->outBytes < waitingBytes && connection->handed) {
    connection->tellWritable = false;
    row(WRITABLE, connection);
  }
  switch (connection->phase) {
    case Phase::HEAD: driveHead(connection); break;
    case Phase::BODY: driveBody(connection); break;
    case Phase::ANSWER: driveAnswer(connection); break;
    case Phase::LINGER: driveLinger(connection); break;
    case Phase::FREE: break;
  }
}

/** Reads once. Returns the bytes, 0 at the end, −1 where nothing is there, −2 where the connection is gone (and closed). */
int64_t Core::receive(Connection *connection, uint8_t *into, size_t length) {
  ssize_t got;
  do got = receiveSome(connection->fd, into, length);
  while (got < 0 && errno == EINTR);
  if (got < 0) {
    connection->readable = false;
    if (errno == EAGAIN) return -1;
    gone(connection);
    return -2;
  }
  shared_.counters[COUNT_READ] += static_cast<double>(got);
  // Edge-triggered: a short read took all there was, unless the end is there too.
  if (static_cast<size_t>(got) < length && !connection->ending) connection->readable = false;
  if (got == 0) {
    connection->readable = false;
    connection->ended = true;
  }
  return got;
}

void Core::driveHead(Connection *connection) {
  // Who does not take the answers gets no more of them.
  if (connection->outBytes >= waitingBytes) return;
  for (;;) {
    Input *input = connection->input;
    uint8_t *bytes;
    size_t available;
    Head fresh;
    Head *head;
    const bool inArena = input == nullptr;
    if (inArena) {
      if (!connection->readable) {
        if (draining_ && !patient_) finish(connection);
        return;
      }
      bytes = shared_.arena + headsEnd_;
      const int64_t got = receive(connection, bytes, readBytes);
      if (got == -2) return;
      if (got == 0) {
        finish(connection);
        return;
      }
      if (got < 0) continue;
      available = static_cast<size_t>(got);
      memset(static_cast<void *>(&fresh), 0, sizeof(fresh));
      head = &fresh;
    } else {
      bytes = input->bytes() + input->at;
      available = input->end - input->at;
      head = &input->head;
    }
    const bool begun = head->seen > 0;
    const int64_t end = !inArena && available == head->seen ? MORE : parseHead(*head, bytes, available, options_.head);
    if (end == REFUSED) {
      refuse(connection, head->status, head->reason);
      return;
    }
    if (end != MORE) {
      if (!takeHead(connection, *head, bytes, static_cast<size_t>(end), available, inArena)) return;
      return;
    }
    if (!begun) connection->deadline = saturated(now_, options_.headerTime);
    if (inArena) {
      if (!keepInput(connection, bytes, available, head)) return;
      continue;
    }
    if (!connection->readable) return;
    // Room for what comes: all that a head may have, and a little at first.
    if (input->capacity - input->end < 512) {
      const uint32_t length = input->end - input->at;
      const uint32_t capacity = length * 2 > 1024 ? length * 2 : 1024;
      if (input->at > 0 && input->capacity - length >= 512) {
        memmove(input->bytes(), input->bytes() + input->at, length);
      } else {
        Input *grown = static_cast<Input *>(malloc(sizeof(Input) + capacity));
        if (grown == nullptr) {
          gone(connection);
          return;
        }
        *grown = *input;
        grown->capacity = capacity;
        memcpy(grown->bytes(), input->bytes() + input->at, length);
        free(input);
        connection->input = grown;
        input = grown;
      }
      input->at = 0;
      input->end = length;
    }
    const int64_t got = receive(connection, input->bytes() + input->end, min(input->capacity - input->end, readBytes));
    if (got == -2) return;
    if (got == 0) {
      finish(connection);
      return;
    }
    if (got > 0) input->end += static_cast<uint32_t>(got);
    else if (got < 0) return;
  }
}

/** Keeps bytes for later; false where there is no memory, and the connection is closed. */
bool Core::keepInput(Connection *connection, const uint8_t *bytes, size_t length, const Head *head) {
  const size_t capacity = max(size_t{1024}, length);
  Input *input = static_cast<Input *>(malloc(sizeof(Input) + capacity));
  if (input == nullptr) {
    gone(connection);
    return false;
  }
  if (head != nullptr) input->head = *head;
  else memset(static_cast<void *>(&input->head), 0, sizeof(Head));
  input->capacity = static_cast<uint32_t>(capacity);
  input->at = 0;
  input->end = static_cast<uint32_t>(length);
  memcpy(input->bytes(), bytes, length);
  connection->input = input;
  return true;
}

void Core::dropInput(Connection *connection) {
  free(connection->input);
  connection->input = nullptr;
}

/** Makes rows of a head that is complete, and of what is there of its body. False where the connection is closed. */
bool Core::takeHead(Connection *connection, Head &head, uint8_t *bytes, size_t end, size_t available, bool inArena) {
  if (head.bodyLength > 0 && static_cast<uint64_t>(head.bodyLength) > options_.bodyBytes) {
    refuse(connection, 413, Reason::LARGE_BODY);
    return false;
  }
  // What the refusal of its body would say is said before the request is handed on.
  size_t consumed = end;
  uint8_t *body = bytes + end;
  size_t bodyBytes = 0;
  bool complete = true;
  if (head.bodyLength > 0) {
    const uint64_t there = available - end;
    complete = there >= static_cast<uint64_t>(head.bodyLength);
    bodyBytes = complete ? static_cast<size_t>(head.bodyLength) : static_cast<size_t>(there);
    consumed += bodyBytes;
  } else if (head.bodyLength == CHUNKED) {
    ChunkParser *chunks = static_cast<ChunkParser *>(calloc(1, sizeof(ChunkParser)));
    if (chunks == nullptr) {
      gone(connection);
      return false;
    }
    connection->chunks = chunks;
    const ChunkOutcome outcome = chunks->parse(body, available - end, options_.bodyBytes, options_.head.headerBytes);
    if (outcome == ChunkOutcome::REFUSED) {
      refuse(connection, chunks->status, chunks->reason);
      return false;
    }
    complete = outcome == ChunkOutcome::DONE;
    bodyBytes = chunks->data;
    consumed += chunks->at;
  }

  connection->generation = (connection->generation + 1) & generationMask;
  connection->keep = head.keep && !connection->ended;
  connection->handed = true;
  connection->told = false;
  connection->began = false;
  connection->tellWritable = false;
  shared_.counters[COUNT_REQUESTS]++;

  const size_t headAt = headsEnd_;
  if (!inArena) memcpy(shared_.arena + headAt, bytes, end);
  headsEnd_ += end;
  const size_t bodyAt = headsBytes_ + piecesEnd_;
  if (bodyBytes > 0) {
    memcpy(shared_.arena + bodyAt, body, bodyBytes);
    piecesEnd_ += bodyBytes;
  }

  const bool inlined = complete && connection->chunks == nullptr;
  int32_t flags = 0;
  if (head.minor == 0) flags |= FLAG_1_0;
  if (connection->keep && !draining_) flags |= FLAG_KEEP;
  if (!inlined) flags |= FLAG_BODY_FOLLOWS;
  if (head.expectsContinue) flags |= FLAG_EXPECTS;
  if (head.upgrade) flags |= FLAG_UPGRADE;
  if (!head.plain) flags |= FLAG_NOT_PLAIN;
  if (head.oddAuthority) flags |= FLAG_AUTHORITY;
  if (head.absolute) flags |= FLAG_ABSOLUTE;
  if (connection->family == 6) flags |= FLAG_ADDRESS;
  if (head.bodyLength != 0) flags |= FLAG_BODY;
  int32_t *request = row(REQUEST, connection);
  request[3] = head.method;
  request[4] = flags;
  request[5] = static_cast<int32_t>(headAt + head.start);
  request[6] = static_cast<int32_t>(end - 2 - head.start);
  request[7] = static_cast<int32_t>(headAt + head.targetStart);
  request[8] = static_cast<int32_t>(head.targetEnd - head.targetStart);
  request[9] = static_cast<int32_t>(headAt + head.fieldsAt);
  request[10] = static_cast<int32_t>(headAt + head.authorityStart);
  request[11] = static_cast<int32_t>(head.authorityEnd - head.authorityStart);
  if (inlined) {
    request[12] = static_cast<int32_t>(bodyAt);
    request[13] = static_cast<int32_t>(bodyBytes);
  } else {
    request[12] = static_cast<int32_t>(head.bodyLength & 0xffffffff);
    request[13] = static_cast<int32_t>(head.bodyLength >> 32);
  }
  request[14] = static_cast<int32_t>(connection->address);

  if (complete) {
    connection->phase = Phase::ANSWER;
    connection->deadline = saturated(now_, options_.handlerTime);
  } else {
    connection->phase = Phase::BODY;
    connection->deadline = saturated(now_, options_.bodyTime);
    connection->bodyLeft = head.bodyLength > 0 ? head.bodyLength - static_cast<int64_t>(bodyBytes) : 0;
    connection->credit = firstCredit - static_cast<int64_t>(bodyBytes);
    connection->dropped = 0;
    connection->owesContinue = head.expectsContinue && bodyBytes == 0;
  }
  if (!inlined && bodyBytes > 0) rowPiece(connection, PIECE, bodyAt, bodyBytes);
  if (!inlined && complete) endBody(connection);

  // What stands behind is for later.
  const size_t left = available - consumed;
  if (inArena) {
    if (left > 0 && !keepInput(connection, bytes + consumed, left, nullptr)) return false;
  } else if (left == 0) {
    dropInput(connection);
  } else {
    connection->input->at += static_cast<uint32_t>(consumed);
    memset(static_cast<void *>(&connection->input->head), 0, sizeof(Head));
  }
  if (connection->ending || (connection->phase == Phase::BODY && connection->readable)) ready(connection);
  return true;
}

/** Gives the trailers on, and lets the parser of chunks go. */
void Core::endBody(Connection *connection) {
  ChunkParser *chunks = connection->chunks;
  if (connection->handed) {
    size_t length = 0;
    const size_t offset = headsBytes_ + piecesEnd_;
    if (chunks != nullptr && chunks->trailerLength > 0) {
      length = chunks->trailerLength;
      memcpy(shared_.arena + offset, chunks->trailers, length);
      piecesEnd_ += length;
    }
    rowPiece(connection, COMPLETE, offset, length);
  }
  if (chunks != nullptr) {
    chunks->release();
    free(chunks);
    connection->chunks = nullptr;
  }
}

void Core::driveBody(Connection *connection) {
  const bool dropping = !connection->handed;
  if (!dropping && connection->credit <= 0) return;
  if (!connection->readable) return;
  uint8_t *bytes = shared_.arena + headsBytes_ + piecesEnd_;
  ChunkParser *chunks = connection->chunks;
  size_t wanted = readBytes;
  if (chunks == nullptr && static_cast<uint64_t>(connection->bodyLeft) < wanted) wanted = static_cast<size_t>(connection->bodyLeft);
  const int64_t got = receive(connection, bytes, wanted);
  if (got == -1 || got == -2) return;
  if (got == 0) {
    rowOver(connection, Reason::LEFT_IN_BODY, 499, false);
    closeNow(connection);
    return;
  }
  size_t data = static_cast<size_t>(got);
  bool complete;
  size_t left = 0;
  if (chunks == nullptr) {
    connection->bodyLeft -= got;
    complete = connection->bodyLeft == 0;
  } else {
    const ChunkOutcome outcome = chunks->parse(bytes, data, options_.bodyBytes, options_.head.headerBytes);
    if (outcome == ChunkOutcome::REFUSED) {
      refuse(connection, chunks->status, chunks->reason);
      return;
    }
    complete = outcome == ChunkOutcome::DONE;
    left = data - chunks->at;
    if (left > 0 && !keepInput(connection, bytes + chunks->at, left, nullptr)) return;
    data = chunks->data;
  }
  if (data > 0) connection->owesContinue = false;
  if (dropping) {
    connection->dropped += static_cast<uint32_t>(data);
    if (complete) {
      endBody(connection);
      rest(connection);
    } else if (connection->dropped > droppedBytes) {
      finish(connection);
    } else if (connection->readable) {
      ready(connection);
    }
    return;
  }
  if (data > 0) {
    rowPiece(connection, PIECE, static_cast<size_t>(bytes - shared_.arena), data);
    piecesEnd_ += data;
    connection->credit -= static_cast<int64_t>(data);
  }
  if (complete) {
    endBody(connection);
    connection->phase = Phase::ANSWER;
    connection->deadline = connection->began ? NEVER : saturated(now_, options_.handlerTime);
    if (connection->ending) ready(connection);
  } else if (connection->readable && connection->credit > 0) {
    ready(connection);
  }
}

/** The client may have left while its request is handled. */
void Core::driveAnswer(Connection *connection) {
  if (!connection->ending || connection->ended || connection->input != nullptr) return;
  uint8_t byte;
  const ssize_t got = recv(connection->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  if (got > 0) return;
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) gone(connection);
    return;
  }
  connection->ended = true;
  connection->keep = false;
  // It may only have closed its own half, as `nc -N` does: the answer is sent if there is to be one.
  if (connection->began) gone(connection);
  else rowOver(connection, Reason::LEFT, 499, true);
}

void Core::driveLinger(Connection *connection) {
  if (!connection->readable) return;
  const int64_t got = receive(connection, shared_.arena + headsBytes_ + piecesEnd_, readBytes);
  if (got == -1 || got == -2) return;
  if (got == 0) {
    if (connection->outBytes == 0) closeNow(connection);
    return;
  }
  connection->dropped += static_cast<uint32_t>(got);
  if (connection->dropped > lingerBytes) closeNow(connection);
  else if (connection->readable) ready(connection);
}

/** Answers for a message that broke a rule; the connection ends with it. */
void Core::refuse(Connection *connection, uint16_t status, Reason reason) {
  shared_.counters[COUNT_REFUSED]++;
  const bool answered = connection->phase == Phase::BODY && !connection->handed;
  const bool began = connection->began;
  if (connection->handed) {
    rowOver(connection, reason, status, false);
  } else {
    int32_t *refused = row(REFUSAL, connection);
    refused[3] = static_cast<int32_t>(reason);
    if (connection->family == 6) refused[4] = FLAG_ADDRESS;
    refused[14] = static_cast<int32_t>(connection->address);
    refused[15] = status;
  }
  if (!answered) {
    if (began) {
      // Half an answer cannot be taken back: without its end the client knows.
      closeNow(connection);
      return;
    }
    char text[512];
    const size_t length = refusalText(text, sizeof(text), status, reason);
    out(connection, reinterpret_cast<const uint8_t *>(text), length, false);
  }
  finish(connection);
}

size_t Core::refusalText(char *text, size_t capacity, uint16_t status, Reason reason) {
  const char *why = reasonTexts[static_cast<size_t>(reason)];
  const int length = snprintf(text, capacity,
                              "HTTP/1.1 %u %s\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: %zu\r\nconnection: close\r\n%s\r\n%s\n",
                              static_cast<unsigned>(status), phraseOf(status), strlen(why) + 1, dateLine(), why);
  return length < 0 ? 0 : min(static_cast<size_t>(length), capacity - 1);
}

const char *Core::dateLine() {
  const time_t second = time(nullptr);
  if (second != dateSecond_) {
    dateSecond_ = second;
    tm parts;
    gmtime_r(&second, &parts);
    static constexpr const char *days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    snprintf(date_, sizeof(date_), "date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[parts.tm_wday % 7], parts.tm_mday,
             months[parts.tm_mon % 12], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  }
  return date_;
}

/** The client is not there any more. */
void Core::gone(Connection *connection) {
  rowOver(connection, Reason::LEFT, 499, false);
  closeNow(connection);
}

/** Sends what is gathered, closes our half, and drops what still comes for a while. */
void Core::finish(Connection *connection) {
  if (connection->phase == Phase::LINGER || connection->phase == Phase::FREE) return;
  dropInput(connection);
  if (connection->chunks != nullptr) {
    connection->handed = false;
    endBody(connection);
  }
  connection->phase = Phase::LINGER;
  connection->handed = false;
  connection->dropped = 0;
  connection->deadline = saturated(now_, lingerTime);
  if (connection->outFirst != nullptr && !connection->waitsForRoom) flushOut(connection);
  else if (connection->outFirst == nullptr) shut(connection);
  if (connection->phase == Phase::LINGER && connection->readable) ready(connection);
}

/** All is sent: closes our half, or all where the client's is closed. */
void Core::shut(Connection *connection) {
  if (connection->ended) {
    closeNow(connection);
    return;
  }
  if (connection->shut) return;
  connection->shut = true;
  ::shutdown(connection->fd, SHUT_WR);
}

/** Ready for the next request, once the one before and its body are done with. */
void Core::rest(Connection *connection) {
  connection->phase = Phase::HEAD;
  connection->deadline = saturated(now_, options_.idleTime);
  if (connection->input != nullptr || connection->readable || (draining_ && !patient_)) ready(connection);
}

void Core::closeNow(Connection *connection) {
  if (connection->phase == Phase::FREE) return;
  if (connection->duplicated && epoll_ >= 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, connection->fd, nullptr);
  if (connection->fd >= 0) ::close(connection->fd);
  connection->fd = -1;
  dropInput(connection);
  dropOut(connection);
  if (connection->chunks != nullptr) {
    connection->chunks->release();
    free(connection->chunks);
    connection->chunks = nullptr;
  }
  connection->phase = Phase::FREE;
  connection->handed = false;
  connection->generation = (connection->generation + 1) & generationMask;
  open_--;
  shared_.counters[COUNT_CONNECTIONS] = open_;
  if (!draining_) tellShare(open_, 0);
  if (draining_ && open_ == 0) tellDrained_ = true;
  if (tellDrained_ && !running_ && !closed_) host_.wake(host_.context);
  forget(connection);
}

/** A slot is free again when no queue holds it. */
void Core::forget(Connection *connection) {
  if (connection->ready || connection->dirty) return;
  connection->nextReady = free_;
  free_ = connection->slot;
}

// ---- limits of time

void Core::tick() {
  // After a time in which nothing ran, what has come is looked at before anybody is found to be late.
  wake();
  if (closed_ || running_) return;
  if (!draining_) tellShare(open_, 0);
  running_ = true;
  for (uint32_t i = 0; i < chunkCount_ * chunkSlots && !closed_; i++) {
    Connection *connection = at(i);
    if (connection->phase == Phase::FREE || connection->ready) continue;
    if (now_ < connection->deadline && now_ < connection->sendDeadline) continue;
    checkTimes(connection);
    if (!roomForMore()) deliver();
  }
  running_ = false;
  if (closed_) return;
  if (listen_ >= 0 && now_ >= acceptAfter_ && acceptAfter_ != 0) {
    acceptAfter_ = 0;
    acceptReady_ = true;
  }
  if (rows_ > 0) {
    running_ = true;
    deliver();
    running_ = false;
  }
  run();
}

void Core::checkTimes(Connection *connection) {
  if (now_ >= connection->sendDeadline) {
    if (connection->outBytes > 0) {
      gone(connection);
      return;
    }
    connection->sendDeadline = NEVER;
  }
  if (now_ < connection->deadline) return;
  switch (connection->phase) {
    case Phase::LINGER:
      // What is still being sent has its own limit.
      if (connection->outBytes > 0) connection->deadline = saturated(now_, lingerTime);
      else closeNow(connection);
      break;
    case Phase::HEAD:
      if (connection->input != nullptr && connection->input->head.seen > 0) refuse(connection, 408, Reason::SLOW_HEAD);
      else closeNow(connection);
      break;
    case Phase::BODY:
      if (!connection->handed) {
        finish(connection);
        break;
      }
      if (connection->credit > 0) {
        refuse(connection, 408, Reason::SLOW_BODY);
        break;
      }
      [[fallthrough]];
    case Phase::ANSWER:
      // The handler is what takes so long; whoever handles the request answers.
      if (connection->began || connection->told) {
        rowOver(connection, Reason::SLOW_HANDLER, 503, false);
        closeNow(connection);
      } else {
        connection->deadline = saturated(now_, lingerTime);
        rowOver(connection, Reason::SLOW_HANDLER, 503, true);
      }
      break;
    case Phase::FREE: break;
  }
}

// ---- answers

Connection *Core::known(uint32_t slot, uint32_t generation) const {
  if (slot >= chunkCount_ * chunkSlots) return nullptr;
  Connection *connection = at(slot);
  if (connection->phase != Phase::BODY && connection->phase != Phase::ANSWER) return nullptr;
  return connection->handed && connection->generation == generation ? connection : nullptr;
}

void Core::flush() {
  if (closed_) return;
  if (!running_) readClock();
  takeSends();
  if (!running_) settle();
}

void Core::takeSends() {
  int32_t *state = shared_.state;
  const uint32_t count = static_cast<uint32_t>(min(static_cast<uint32_t>(state[STATE_SENDS]), sendCount));
  const size_t bytes = min(static_cast<uint32_t>(state[STATE_BYTES]), answerBytes);
  state[STATE_SENDS] = 0;
  state[STATE_BYTES] = 0;
  size_t offset = 0;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t *send = shared_.sends + i * sendColumns;
    int32_t kind = send[0];
    const uint32_t slot = static_cast<uint32_t>(send[1]);
    const uint32_t generation = static_cast<uint32_t>(send[2]);
    size_t length = static_cast<uint32_t>(send[3]);
    Connection *connection = known(slot, generation);
    if (kind == CREDIT) {
      if (connection == nullptr || connection->phase != Phase::BODY) continue;
      connection->credit += static_cast<int64_t>(length);
      if (connection->owesContinue && !connection->began) {
        connection->owesContinue = false;
        static constexpr char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
        out(connection, reinterpret_cast<const uint8_t *>(text), sizeof(text) - 1, false);
      }
      if (connection->readable && connection->credit > 0) ready(connection);
      continue;
    }
    if (kind == CUT) {
      if (connection == nullptr) continue;
      const linger reset{1, 0};
      setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
      connection->handed = false;
      closeNow(connection);
      continue;
    }
    if (kind != KEEP && kind != CLOSE && kind != CONTINUED && kind != CONTINUED_TELL) return;
    if (length > bytes - offset) return;
    const size_t start = offset;
    offset += length;
    // What follows for the same connection goes out by the same call.
    while ((kind == CONTINUED || kind == CONTINUED_TELL) && i + 1 < count) {
      const int32_t *next = send + sendColumns;
      const size_t more = static_cast<uint32_t>(next[3]);
      if (static_cast<uint32_t>(next[1]) != slot || static_cast<uint32_t>(next[2]) != generation) break;
      if (next[0] != KEEP && next[0] != CLOSE && next[0] != CONTINUED && next[0] != CONTINUED_TELL) break;
      if (more > bytes - offset) break;
      if (kind == CONTINUED_TELL && connection != nullptr) connection->tellWritable = true;
      kind = next[0];
      offset += more;
      send = next;
      i++;
    }
    if (connection != nullptr) transmit(connection, kind, shared_.answers + start, offset - start);
  }
}

void Core::transmit(Connection *connection, int32_t kind, const uint8_t *bytes, size_t length) {
  // The next answer may follow at once, and go out with this one.
  const bool more = kind == KEEP && connection->input != nullptr && connection->keep && connection->phase == Phase::ANSWER;
  if (length > 0) out(connection, bytes, length, more);
  concluded(connection, kind);
}

/** What a record means beside its bytes. */
void Core::concluded(Connection *connection, int32_t kind) {
  if (kind == KEEP || kind == CLOSE) {
    answered(connection, kind == KEEP);
    return;
  }
  connection->began = true;
  // What it takes to send has its own limit; making it may take as long as it likes.
  if (connection->phase == Phase::ANSWER) connection->deadline = NEVER;
  if (kind == CONTINUED_TELL) connection->tellWritable = true;
  if (connection->tellWritable && connection->outBytes < waitingBytes) ready(connection);
}

void Core::answered(Connection *connection, bool keep) {
  keep = keep && connection->keep;
  connection->handed = false;
  connection->began = false;
  connection->tellWritable = false;
  if (connection->phase == Phase::BODY) {
    // A client that waits for `100 Continue` may send the body or not: nobody can tell what follows.
    if (!keep || connection->owesContinue || connection->bodyLeft > droppedBytes) {
      finish(connection);
      return;
    }
    // The rest is read and dropped, by the time that the body has.
    connection->dropped = 0;
    if (connection->readable) ready(connection);
    return;
  }
  if (keep) rest(connection);
  else finish(connection);
}

/** Sends bytes, or keeps what the client does not take. `more`: others may follow soon. */
void Core::out(Connection *connection, const uint8_t *bytes, size_t length, bool more) {
  if (connection->broken) return;
  if (connection->outFirst == nullptr && !more) {
    ssize_t sent;
    do sent = sendSome(connection->fd, bytes, length);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) {
      if (errno != EAGAIN) {
        connection->broken = true;
        ready(connection);
        return;
      }
      sent = 0;
    }
    shared_.counters[COUNT_SENT] += static_cast<double>(sent);
    if (static_cast<size_t>(sent) == length) return;
    if (append(connection, bytes + sent, length - static_cast<size_t>(sent), nullptr)) waitForRoom(connection);
    return;
  }
  if (!append(connection, bytes, length, nullptr) || connection->waitsForRoom) return;
  if (!more || connection->outBytes >= waitingBytes) {
    flushOut(connection);
  } else if (!connection->dirty) {
    connection->dirty = true;
    connection->nextDirty = dirtyFirst_;
    dirtyFirst_ = connection->slot;
  }
}

bool Core::append(Connection *connection, const uint8_t *bytes, size_t length, void *buffer) {
  Output *last = connection->outLast;
  connection->outBytes += length;
  if (buffer == nullptr && last != nullptr && last->buffer == nullptr && last->capacity - last->end >= length) {
    memcpy(last->bytes() + last->end, bytes, length);
    last->end += length;
    return true;
  }
  const size_t capacity = buffer != nullptr ? 0 : max(length, size_t{4096});
  Output *output = static_cast<Output *>(malloc(sizeof(Output) + capacity));
  if (output == nullptr) {
    connection->outBytes -= length;
    if (buffer != nullptr) host_.drop(host_.context, buffer);
    connection->broken = true;
    ready(connection);
    return false;
  }
  output->next = nullptr;
  output->capacity = capacity;
  output->at = 0;
  output->end = length;
  output->buffer = buffer;
  if (buffer == nullptr) memcpy(output->bytes(), bytes, length);
  if (last == nullptr) connection->outFirst = output;
  else last->next = output;
  connection->outLast = output;
  return true;
}

/** Sends what waits, as far as the client takes it. */
void Core::flushOut(Connection *connection) {
  while (connection->outFirst != nullptr && !connection->broken) {
    iovec parts[partsAtOnce];
    size_t count = 0;
    size_t total = 0;
    for (Output *output = connection->outFirst; output != nullptr && count < partsAtOnce; output = output->next) {
      const uint8_t *bytes = output->bytes();
      size_t there = output->end;
      if (output->buffer != nullptr && (!host_.resolve(host_.context, output->buffer, &bytes, &there) || there < output->end)) {
        // JavaScript took the bytes away: the answer cannot be completed.
        connection->broken = true;
        ready(connection);
        return;
      }
      parts[count].iov_base = const_cast<uint8_t *>(bytes + output->at);
      parts[count].iov_len = output->end - output->at;
      total += parts[count].iov_len;
      count++;
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    ssize_t sent;
    do sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) {
      if (errno != EAGAIN) {
        connection->broken = true;
        ready(connection);
      } else {
        waitForRoom(connection);
      }
      return;
    }
    shared_.counters[COUNT_SENT] += static_cast<double>(sent);
    advanceOut(connection, static_cast<size_t>(sent));
    if (static_cast<size_t>(sent) < total) {
      waitForRoom(connection);
      break;
    }
  }
  afterOut(connection);
}

void Core::advanceOut(Connection *connection, size_t sent) {
  connection->outBytes -= sent;
  connection->progress += static_cast<uint32_t>(min(sent, waitingBytes));
  if (connection->progress >= waitingBytes) {
    connection->progress = 0;
    if (connection->sendDeadline != NEVER) connection->sendDeadline = saturated(now_, options_.sendTime);
  }
  while (connection->outFirst != nullptr) {
    Output *output = connection->outFirst;
    const size_t piece = min(sent, output->end - output->at);
    output->at += piece;
    sent -= piece;
    if (output->at < output->end) return;
    connection->outFirst = output->next;
    if (output->buffer != nullptr) host_.drop(host_.context, output->buffer);
    free(output);
  }
  connection->outLast = nullptr;
}

void Core::dropOut(Connection *connection) {
  while (connection->outFirst != nullptr) {
    Output *output = connection->outFirst;
    connection->outFirst = output->next;
    if (output->buffer != nullptr) host_.drop(host_.context, output->buffer);
    free(output);
  }
  connection->outLast = nullptr;
  connection->outBytes = 0;
}

/** The client has `sendTime` for what waits, counted from its last progress. */
void Core::waitForRoom(Connection *connection) {
  connection->waitsForRoom = true;
  if (connection->sendDeadline == NEVER) {
    connection->progress = 0;
    connection->sendDeadline = saturated(now_, options_.sendTime);
  }
  if (connection->watchesRoom) return;
  connection->watchesRoom = true;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = static_cast<uint64_t>(connection->serial) << 32 | connection->slot;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->fd, &event) < 0) {
    connection->broken = true;
    ready(connection);
  }
}

/** What may go on now that less waits. */
void Core::afterOut(Connection *connection) {
  if (connection->outFirst == nullptr) {
    connection->waitsForRoom = false;
    connection->sendDeadline = NEVER;
    if (connection->phase == Phase::LINGER) {
      shut(connection);
      return;
    }
  }
  if (connection->outBytes >= waitingBytes) return;
  if (connection->tellWritable) ready(connection);
  if (connection->phase == Phase::HEAD && (connection->input != nullptr || connection->readable)) ready(connection);
}

bool Core::send(uint32_t slot, uint32_t generation, int32_t kind, void *buffer, size_t length) {
  if (!closed_) flush();
  Connection *connection = closed_ ? nullptr : known(slot, generation);
  if (connection == nullptr || (kind != KEEP && kind != CLOSE && kind != CONTINUED && kind != CONTINUED_TELL)) {
    host_.drop(host_.context, buffer);
    return false;
  }
  if (length == 0 || connection->broken) host_.drop(host_.context, buffer);
  else if (append(connection, nullptr, length, buffer) && !connection->waitsForRoom) flushOut(connection);
  concluded(connection, kind);
  return true;
}

Core::Released Core::release(uint32_t slot, uint32_t generation) {
  Released released{-1, nullptr, 0};
  if (closed_) return released;
  flush();
  Connection *connection = known(slot, generation);
  if (connection == nullptr || connection->phase != Phase::ANSWER || connection->began) return released;
  if (connection->dirty && !connection->waitsForRoom) flushOut(connection);
  if (connection->broken || connection->outFirst != nullptr) return released;
  Input *input = connection->input;
  if (input != nullptr && input->end > input->at) {
    released.length = input->end - input->at;
    released.bytes = static_cast<uint8_t *>(malloc(released.length));
    if (released.bytes == nullptr) return Released{-1, nullptr, 0};
    memcpy(released.bytes, input->bytes() + input->at, released.length);
  }
  epoll_ctl(epoll_, EPOLL_CTL_DEL, connection->fd, nullptr);
  released.fd = connection->fd;
  connection->fd = -1;
  closeNow(connection);
  return released;
}

void Core::addressOf(uint32_t slot, char *text, size_t capacity) {
  text[0] = 0;
  if (slot >= chunkCount_ * chunkSlots || at(slot)->phase == Phase::FREE) return;
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getpeername(at(slot)->fd, reinterpret_cast<sockaddr *>(&address), &length) < 0) return;
  const void *from = nullptr;
  if (address.ss_family == AF_INET) from = &reinterpret_cast<sockaddr_in *>(&address)->sin_addr;
  else if (address.ss_family == AF_INET6) from = &reinterpret_cast<sockaddr_in6 *>(&address)->sin6_addr;
  if (from == nullptr || inet_ntop(address.ss_family, from, text, static_cast<socklen_t>(capacity)) == nullptr) text[0] = 0;
}

}  // namespace whetstone
