// The core for Node: Node-API on one side, libuv's loop on the other.

#define NAPI_VERSION 8
#include <arpa/inet.h>
#include <node_api.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>

#include "core.h"

namespace {

using whetstone::Core;
using whetstone::Options;

/** One `create`. It lives until its handles are closed and JavaScript holds nothing of it any more. */
struct Engine {
  napi_env env;
  Core *core;
  napi_ref onBatch;
  napi_ref resource;
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  uv_poll_t *poll;
  uv_idle_t *idle;
  uv_timer_t *ticker;
  uv_timer_t *later;
  int handles;
  /** Values of JavaScript that lead here. */
  int held;
  bool ending;
};

constexpr int backlog = 4096;
constexpr uint64_t shortestTick = 10;
constexpr uint64_t longestTick = 1000;

void maybeFree(Engine *engine) {
  if (engine->handles > 0 || engine->held > 0 || !engine->ending) return;
  Core::destroy(engine->core);
  free(engine);
}

void letGo(napi_env, void *data, void *) {
  Engine *engine = static_cast<Engine *>(data);
  engine->held--;
  maybeFree(engine);
}

void finalizeBuffer(napi_env env, void *, void *hint) { letGo(env, hint, nullptr); }

void onHandleClosed(uv_handle_t *handle) {
  Engine *engine = static_cast<Engine *>(uv_handle_get_data(handle));
  free(handle);
  if (--engine->handles > 0) return;
  if (engine->hook != nullptr) napi_remove_async_cleanup_hook(engine->hook);
  engine->hook = nullptr;
  maybeFree(engine);
}

/** Cuts all connections, and lets the loop go. */
void end(Engine *engine) {
  if (engine->ending) return;
  engine->ending = true;
  uv_poll_stop(engine->poll);
  engine->core->close();
  for (uv_handle_t *handle : {reinterpret_cast<uv_handle_t *>(engine->poll), reinterpret_cast<uv_handle_t *>(engine->idle),
                              reinterpret_cast<uv_handle_t *>(engine->ticker), reinterpret_cast<uv_handle_t *>(engine->later)})
    uv_close(handle, onHandleClosed);
  napi_handle_scope scope;
  if (napi_open_handle_scope(engine->env, &scope) != napi_ok) return;
  napi_delete_reference(engine->env, engine->onBatch);
  napi_delete_reference(engine->env, engine->resource);
  napi_async_destroy(engine->env, engine->context);
  napi_close_handle_scope(engine->env, scope);
}

void onCleanup(napi_async_cleanup_hook_handle, void *data) {
  Engine *engine = static_cast<Engine *>(data);
  if (!engine->ending) end(engine);
}

// ---- what the core asks of its host

int64_t hostNow(void *) {
  // Of a few milliseconds, and no call into the kernel.
  timespec time;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1000000;
}

void hostBatch(void *context, uint32_t count) {
  Engine *engine = static_cast<Engine *>(context);
  if (engine->ending) return;
  napi_env env = engine->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value onBatch, resource, argument;
  if (napi_get_reference_value(env, engine->onBatch, &onBatch) == napi_ok &&
      napi_get_reference_value(env, engine->resource, &resource) == napi_ok && napi_create_uint32(env, count, &argument) == napi_ok) {
    // The ticks and microtasks run before this returns.
    const napi_status status = napi_make_callback(env, engine->context, resource, onBatch, 1, &argument, nullptr);
    if (status == napi_pending_exception) {
      napi_value error;
      if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
    }
  }
  napi_close_handle_scope(env, scope);
}

void onIdle(uv_idle_t *idle) {
  Engine *engine = static_cast<Engine *>(uv_handle_get_data(reinterpret_cast<uv_handle_t *>(idle)));
  uv_idle_stop(idle);
  engine->core->run();
}

void hostWake(void *context) {
  Engine *engine = static_cast<Engine *>(context);
  if (!engine->ending) uv_idle_start(engine->idle, onIdle);
}

void onLater(uv_timer_t *timer) {
  Engine *engine = static_cast<Engine *>(uv_handle_get_data(reinterpret_cast<uv_handle_t *>(timer)));
  engine->core->retryAccept();
}

void hostLater(void *context, uint32_t milliseconds) {
  Engine *engine = static_cast<Engine *>(context);
  if (!engine->ending) uv_timer_start(engine->later, onLater, milliseconds, 0);
}

bool hostResolve(void *context, void *buffer, const uint8_t **bytes, size_t *length) {
  Engine *engine = static_cast<Engine *>(context);
  napi_env env = engine->env;
  napi_handle_scope scope;
  if (engine->ending || napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value value;
  void *data = nullptr;
  const bool there = napi_get_reference_value(env, static_cast<napi_ref>(buffer), &value) == napi_ok && value != nullptr &&
                     napi_get_typedarray_info(env, value, nullptr, length, &data, nullptr, nullptr) == napi_ok && data != nullptr;
  *bytes = static_cast<const uint8_t *>(data);
  napi_close_handle_scope(env, scope);
  return there;
}

void hostDrop(void *context, void *buffer) {
  Engine *engine = static_cast<Engine *>(context);
  napi_delete_reference(engine->env, static_cast<napi_ref>(buffer));
}

// ---- the loop

void onReadable(uv_poll_t *poll, int, int) {
  Engine *engine = static_cast<Engine *>(uv_handle_get_data(reinterpret_cast<uv_handle_t *>(poll)));
  engine->core->wake();
}

void onTick(uv_timer_t *timer) {
  Engine *engine = static_cast<Engine *>(uv_handle_get_data(reinterpret_cast<uv_handle_t *>(timer)));
  engine->core->tick();
}

/** A handle of the size that this process's libuv says, whatever the headers said. */
template <typename Handle>
Handle *handleOf(Engine *engine, uv_handle_type type) {
  Handle *handle = static_cast<Handle *>(calloc(1, uv_handle_size(type)));
  if (handle == nullptr) abort();
  uv_handle_set_data(reinterpret_cast<uv_handle_t *>(handle), engine);
  engine->handles++;
  return handle;
}

uint64_t tickOf(const Options &options) {
  int64_t smallest = options.headerTime;
  for (int64_t time : {options.bodyTime, options.idleTime, options.sendTime, options.handlerTime})
    if (time < smallest) smallest = time;
  const uint64_t quarter = static_cast<uint64_t>(smallest) / 4;
  return quarter < shortestTick ? shortestTick : quarter > longestTick ? longestTick : quarter;
}

// ---- calls

napi_value fail(napi_env env, const char *message) {
  napi_throw_type_error(env, nullptr, message);
  return nullptr;
}

napi_value failWith(napi_env env, int error) {
  const char *code = uv_err_name(-error);
  napi_throw_error(env, code, uv_strerror(-error));
  return nullptr;
}

napi_value numberOf(napi_env env, double value) {
  napi_value number = nullptr;
  napi_create_double(env, value, &number);
  return number;
}

napi_value booleanOf(napi_env env, bool value) {
  napi_value boolean = nullptr;
  napi_get_boolean(env, value, &boolean);
  return boolean;
}

/** The arguments of a call, and the engine that it is for; those that were not given are `undefined`. */
template <size_t count>
Engine *argumentsOf(napi_env env, napi_callback_info info, napi_value (&values)[count]) {
  size_t given = count;
  void *data = nullptr;
  napi_get_cb_info(env, info, &given, values, nullptr, &data);
  return static_cast<Engine *>(data);
}

bool uintOf(napi_env env, napi_value value, uint32_t *number) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_number) return false;
  double given;
  if (napi_get_value_double(env, value, &given) != napi_ok || !(given >= 0 && given <= 4294967295.0)) return false;
  *number = static_cast<uint32_t>(given);
  return true;
}

/** A limit: a number from 1 on, which may be Infinity. */
bool limitOf(napi_env env, napi_value options, const char *name, double most, double *limit) {
  napi_value value;
  napi_valuetype type;
  if (napi_get_named_property(env, options, name, &value) != napi_ok || napi_typeof(env, value, &type) != napi_ok || type != napi_number)
    return false;
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= 0)) return false;
  *limit = number > most ? most : number;
  return true;
}

napi_value callListen(napi_env env, napi_callback_info info) {
  napi_value values[1];
  Engine *engine = argumentsOf(env, info, values);
  uint32_t fd;
  if (!uintOf(env, values[0], &fd)) return fail(env, "listen(fd)");
  const int error = engine->core->listen(static_cast<int>(fd));
  return error == 0 ? nullptr : failWith(env, error);
}

/** Fills in where to listen; 0 or an error number. */
int addressFor(napi_env env, napi_value where, napi_value port, sockaddr_storage *address, socklen_t *length) {
  char text[256];
  size_t size = 0;
  if (napi_get_value_string_utf8(env, where, text, sizeof(text), &size) != napi_ok) return EINVAL;
  memset(address, 0, sizeof(*address));
  napi_valuetype type;
  napi_typeof(env, port, &type);
  if (type != napi_number) {
    auto *unixAddress = reinterpret_cast<sockaddr_un *>(address);
    if (size >= sizeof(unixAddress->sun_path)) return ENAMETOOLONG;
    unixAddress->sun_family = AF_UNIX;
    memcpy(unixAddress->sun_path, text, size);
    *length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + 1);
    return 0;
  }
  uint32_t number;
  if (!uintOf(env, port, &number) || number > 65535) return EINVAL;
  auto *four = reinterpret_cast<sockaddr_in *>(address);
  auto *six = reinterpret_cast<sockaddr_in6 *>(address);
  if (uv_ip4_addr(text, static_cast<int>(number), four) == 0) {
    *length = sizeof(*four);
    return 0;
  }
  memset(address, 0, sizeof(*address));
  if (uv_ip6_addr(text, static_cast<int>(number), six) == 0) {
    *length = sizeof(*six);
    return 0;
  }
  return EINVAL;
}

/** Opens a socket that listens; returns it, or a negative error number. */
int listeningAt(napi_env env, napi_value where, napi_value port) {
  sockaddr_storage address;
  socklen_t length = 0;
  const int wrong = addressFor(env, where, port, &address, &length);
  if (wrong != 0) return -wrong;
  const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  const int off = 0;
  if (address.ss_family != AF_UNIX) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  if (bind(fd, reinterpret_cast<sockaddr *>(&address), length) == 0 && listen(fd, backlog) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

/** The port that a socket is bound to; 0 where it has none. */
uint32_t portOf(int fd) {
  sockaddr_storage address;
  socklen_t length = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) < 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in *>(&address)->sin_port);
  return address.ss_family == AF_INET6 ? ntohs(reinterpret_cast<sockaddr_in6 *>(&address)->sin6_port) : 0;
}

napi_value callListenAt(napi_env env, napi_callback_info info) {
  napi_value values[2];
  Engine *engine = argumentsOf(env, info, values);
  const int fd = listeningAt(env, values[0], values[1]);
  if (fd < 0) return failWith(env, -fd);
  const int error = engine->core->listen(fd);
  if (error == 0) return numberOf(env, portOf(fd));
  close(fd);
  return failWith(env, error);
}

napi_value callListenSocket(napi_env env, napi_callback_info info) {
  napi_value values[2];
  size_t given = 2;
  napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  const int fd = listeningAt(env, values[0], values[1]);
  return fd < 0 ? failWith(env, -fd) : numberOf(env, fd);
}

napi_value callPortOf(napi_env env, napi_callback_info info) {
  napi_value values[1];
  size_t given = 1;
  napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  uint32_t fd;
  if (!uintOf(env, values[0], &fd)) return fail(env, "portOf(fd)");
  return numberOf(env, portOf(static_cast<int>(fd)));
}

napi_value callAdopt(napi_env env, napi_callback_info info) {
  napi_value values[1];
  Engine *engine = argumentsOf(env, info, values);
  uint32_t fd;
  if (!uintOf(env, values[0], &fd)) return fail(env, "adopt(fd)");
  return booleanOf(env, engine->core->adopt(static_cast<int>(fd)));
}

napi_value callAddressOf(napi_env env, napi_callback_info info) {
  napi_value values[1];
  Engine *engine = argumentsOf(env, info, values);
  uint32_t slot;
  if (!uintOf(env, values[0], &slot)) return fail(env, "addressOf(connection)");
  char text[INET6_ADDRSTRLEN + 1];
  engine->core->addressOf(slot, text, sizeof(text));
  napi_value address = nullptr;
  napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &address);
  return address;
}

napi_value callFlush(napi_env env, napi_callback_info info) {
  void *data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  static_cast<Engine *>(data)->core->flush();
  return nullptr;
}

napi_value callSend(napi_env env, napi_callback_info info) {
  napi_value values[4];
  Engine *engine = argumentsOf(env, info, values);
  uint32_t slot, generation, kind;
  bool isArray = false;
  napi_typedarray_type type;
  size_t length = 0;
  if (!uintOf(env, values[0], &slot) || !uintOf(env, values[1], &generation) || !uintOf(env, values[2], &kind) ||
      napi_is_typedarray(env, values[3], &isArray) != napi_ok || !isArray ||
      napi_get_typedarray_info(env, values[3], &type, &length, nullptr, nullptr, nullptr) != napi_ok || type != napi_uint8_array)
    return fail(env, "send(connection, generation, kind, Uint8Array)");
  napi_ref reference;
  if (napi_create_reference(env, values[3], 1, &reference) != napi_ok) return fail(env, "send: no reference can be made");
  return booleanOf(env, engine->core->send(slot, generation, static_cast<int32_t>(kind), reference, length));
}

napi_value callRelease(napi_env env, napi_callback_info info) {
  napi_value values[2];
  Engine *engine = argumentsOf(env, info, values);
  uint32_t slot, generation;
  if (!uintOf(env, values[0], &slot) || !uintOf(env, values[1], &generation)) return fail(env, "release(connection, generation)");
  const Core::Released released = engine->core->release(slot, generation);
  napi_value result = nullptr;
  if (released.fd < 0) {
    napi_get_null(env, &result);
    return result;
  }
  napi_value bytes = nullptr;
  napi_create_object(env, &result);
  napi_create_buffer_copy(env, released.length, released.bytes, nullptr, &bytes);
  free(released.bytes);
  napi_set_named_property(env, result, "fd", numberOf(env, released.fd));
  napi_set_named_property(env, result, "bytes", bytes);
  return result;
}

napi_value callShare(napi_env env, napi_callback_info info) {
  napi_value values[3];
  Engine *engine = argumentsOf(env, info, values);
  uint32_t fd, line, lines;
  if (!uintOf(env, values[0], &fd) || !uintOf(env, values[1], &line) || !uintOf(env, values[2], &lines))
    return fail(env, "share(fd, line, lines)");
  const int error = engine->core->share(static_cast<int>(fd), line, lines);
  return error == 0 ? nullptr : failWith(env, error);
}

napi_value callDrain(napi_env env, napi_callback_info info) {
  napi_value values[1];
  Engine *engine = argumentsOf(env, info, values);
  bool patient = false;
  napi_get_value_bool(env, values[0], &patient);
  engine->core->drain(patient);
  return nullptr;
}

napi_value callClose(napi_env env, napi_callback_info info) {
  void *data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  end(static_cast<Engine *>(data));
  return nullptr;
}

napi_status addBuffer(Engine *engine, napi_value target, const char *name, void *bytes, size_t length) {
  napi_value buffer;
  engine->held++;
  const napi_status status = napi_create_external_arraybuffer(engine->env, bytes, length, finalizeBuffer, engine, &buffer);
  if (status != napi_ok) {
    engine->held--;
    return status;
  }
  return napi_set_named_property(engine->env, target, name, buffer);
}

napi_status addCall(Engine *engine, napi_value target, const char *name, napi_callback call) {
  napi_value function;
  napi_status status = napi_create_function(engine->env, name, NAPI_AUTO_LENGTH, call, engine, &function);
  if (status != napi_ok) return status;
  status = napi_add_finalizer(engine->env, function, engine, letGo, nullptr, nullptr);
  if (status != napi_ok) return status;
  engine->held++;
  return napi_set_named_property(engine->env, target, name, function);
}

bool optionsOf(napi_env env, napi_value value, Options *options) {
  constexpr double bytes = 64 * 1024 * 1024;
  constexpr double time = 9e15;
  double headerBytes, headerCount, bodyBytes, headerTime, bodyTime, idleTime, sendTime, handlerTime, connections;
  if (!limitOf(env, value, "headerBytes", bytes, &headerBytes) || !limitOf(env, value, "headerCount", 1e6, &headerCount) ||
      !limitOf(env, value, "bodyBytes", 9e15, &bodyBytes) || !limitOf(env, value, "headerTime", time, &headerTime) ||
      !limitOf(env, value, "bodyTime", time, &bodyTime) || !limitOf(env, value, "idleTime", time, &idleTime) ||
      !limitOf(env, value, "sendTime", time, &sendTime) || !limitOf(env, value, "handlerTime", time, &handlerTime) ||
      !limitOf(env, value, "connections", 262144, &connections))
    return false;
  options->head = {static_cast<uint32_t>(headerBytes), static_cast<uint32_t>(headerCount)};
  options->bodyBytes = static_cast<uint64_t>(bodyBytes);
  options->headerTime = static_cast<int64_t>(headerTime);
  options->bodyTime = static_cast<int64_t>(bodyTime);
  options->idleTime = static_cast<int64_t>(idleTime);
  options->sendTime = static_cast<int64_t>(sendTime);
  options->handlerTime = static_cast<int64_t>(handlerTime);
  options->connections = static_cast<uint32_t>(connections);
  return true;
}

napi_value create(napi_env env, napi_callback_info info) {
  napi_value values[2];
  size_t given = 2;
  napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  Options options;
  napi_valuetype type;
  if (given < 2 || napi_typeof(env, values[0], &type) != napi_ok || type != napi_object || !optionsOf(env, values[0], &options) ||
      napi_typeof(env, values[1], &type) != napi_ok || type != napi_function)
    return fail(env, "create(options, onBatch)");
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return fail(env, "there is no event loop");
  Engine *engine = static_cast<Engine *>(calloc(1, sizeof(Engine)));
  if (engine == nullptr) return failWith(env, ENOMEM);
  engine->env = env;
  engine->core = Core::create(options, {engine, hostNow, hostBatch, hostWake, hostLater, hostResolve, hostDrop});
  if (engine->core == nullptr) {
    const int error = errno;
    free(engine);
    return failWith(env, error);
  }
  engine->poll = handleOf<uv_poll_t>(engine, UV_POLL);
  const int polled = uv_poll_init(loop, engine->poll, engine->core->descriptor());
  if (polled != 0) {
    // It was never begun, so it is not closed either.
    free(engine->poll);
    Core::destroy(engine->core);
    free(engine);
    return failWith(env, -polled);
  }
  engine->idle = handleOf<uv_idle_t>(engine, UV_IDLE);
  engine->ticker = handleOf<uv_timer_t>(engine, UV_TIMER);
  engine->later = handleOf<uv_timer_t>(engine, UV_TIMER);
  uv_idle_init(loop, engine->idle);
  uv_timer_init(loop, engine->ticker);
  uv_timer_init(loop, engine->later);
  uv_poll_start(engine->poll, UV_READABLE, onReadable);
  const uint64_t tick = tickOf(options);
  uv_timer_start(engine->ticker, onTick, tick, tick);
  uv_unref(reinterpret_cast<uv_handle_t *>(engine->ticker));

  napi_value name, result;
  whetstone::Shared &shared = engine->core->shared();
  const size_t ints = sizeof(int32_t);
  if (napi_create_object(env, &result) != napi_ok || napi_create_string_utf8(env, "whetstone:serve", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_reference(env, values[1], 1, &engine->onBatch) != napi_ok ||
      napi_create_reference(env, result, 1, &engine->resource) != napi_ok ||
      napi_async_init(env, result, name, &engine->context) != napi_ok ||
      napi_add_async_cleanup_hook(env, onCleanup, engine, &engine->hook) != napi_ok ||
      addBuffer(engine, result, "arena", shared.arena, shared.arenaBytes) != napi_ok ||
      addBuffer(engine, result, "rows", shared.rows, ints * whetstone::rowColumns * whetstone::rowCount) != napi_ok ||
      addBuffer(engine, result, "sends", shared.sends, ints * whetstone::sendColumns * whetstone::sendCount) != napi_ok ||
      addBuffer(engine, result, "answers", shared.answers, whetstone::answerBytes) != napi_ok ||
      addBuffer(engine, result, "state", shared.state, ints * whetstone::stateCount) != napi_ok ||
      addBuffer(engine, result, "counters", shared.counters, sizeof(double) * whetstone::counterCount) != napi_ok ||
      addCall(engine, result, "listen", callListen) != napi_ok || addCall(engine, result, "listenAt", callListenAt) != napi_ok ||
      addCall(engine, result, "adopt", callAdopt) != napi_ok || addCall(engine, result, "addressOf", callAddressOf) != napi_ok ||
      addCall(engine, result, "flush", callFlush) != napi_ok || addCall(engine, result, "send", callSend) != napi_ok ||
      addCall(engine, result, "release", callRelease) != napi_ok || addCall(engine, result, "share", callShare) != napi_ok ||
      addCall(engine, result, "drain", callDrain) != napi_ok || addCall(engine, result, "close", callClose) != napi_ok) {
    end(engine);
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    return pending ? nullptr : fail(env, "this Node gives no external memory");
  }
  return result;
}

napi_value init(napi_env env, napi_value exports) {
  napi_value function, reasons, text;
  napi_create_function(env, "create", NAPI_AUTO_LENGTH, create, nullptr, &function);
  napi_set_named_property(env, exports, "create", function);
  napi_create_function(env, "listenSocket", NAPI_AUTO_LENGTH, callListenSocket, nullptr, &function);
  napi_set_named_property(env, exports, "listenSocket", function);
  napi_create_function(env, "portOf", NAPI_AUTO_LENGTH, callPortOf, nullptr, &function);
  napi_set_named_property(env, exports, "portOf", function);
  napi_create_array(env, &reasons);
  for (uint32_t i = 0; i < static_cast<uint32_t>(whetstone::Reason::COUNT); i++) {
    napi_create_string_utf8(env, whetstone::reasonTexts[i], NAPI_AUTO_LENGTH, &text);
    napi_set_element(env, reasons, i, text);
  }
  napi_set_named_property(env, exports, "reasons", reasons);
  napi_set_named_property(env, exports, "boundary", numberOf(env, whetstone::boundaryVersion));
  return exports;
}

}  // namespace

NAPI_MODULE(whetstone_serve, init)
