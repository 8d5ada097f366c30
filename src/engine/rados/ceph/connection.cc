#include "engine/rados/ceph/connection.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "async/completion.h"
#include "base/log.h"

namespace posthorn::engine::rados {
namespace {

std::string text_of(int code) { return std::generic_category().message(-code); }

}  // namespace

Error error_of(int code, std::string_view what) {
  std::string cause = fmt::format("Ceph: {}: {}", what, text_of(code));
  switch (-code) {
    case ETIMEDOUT:
    case ECANCELED:
      return {ErrorKind::unavailable, "the Ceph cluster does not answer", std::move(cause)};
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::unavailable, "the Ceph cluster or its pool is full", std::move(cause)};
    case ESHUTDOWN:
      return {ErrorKind::unavailable, "this client was blocklisted in the Ceph cluster",
              std::move(cause)};
    case EPERM:
    case EACCES:
      return {ErrorKind::io, "the Ceph user lacks the capabilities for this", std::move(cause)};
    default: return {ErrorKind::io, "the Ceph cluster failed", std::move(cause)};
  }
}

/// An operation that is under way. Frees itself when it is answered.
struct Connection::Pending {
  Connection& connection;
  Pool pool;
  Done done;
  Clock::time_point until;
  rados_completion_t completion = nullptr;
  bool given_up = false;
  PendingList::iterator place = {};
};

template <class Send>
void Connection::start(Pool pool, Clock::duration patience, Done done, const Send& send) {
  auto* pending = new Pending{*this, pool, std::move(done), Clock::now() + patience};
  library().aio_create_completion2(pending, &Connection::on_complete, &pending->completion);
  rados_completion_t completion = pending->completion;
  {
    const MutexLock lock(mutex_);
    pending->place = pending_.insert(pending_.end(), pending);
  }
  // From here on it may be answered, and gone, at any moment.
  const int code = send(native(pool), completion);
  if (code < 0) ended(*pending, {code, 0});
}

void Connection::on_complete(rados_completion_t completion, void* argument) {
  auto& pending = *static_cast<Pending*>(argument);
  pending.connection.ended(
      pending, {library().aio_get_return_value(completion), library().aio_get_version(completion)});
}

void Connection::ended(Pending& pending, Answer answer) {
  const std::unique_ptr<Pending> own(&pending);
  bool tell = false;
  {
    const MutexLock lock(mutex_);
    pending_.erase(pending.place);
    if (pending.given_up && answer.code == -ECANCELED) answer.code = -ETIMEDOUT;
    if (answer.code == -ESHUTDOWN) tell = !std::exchange(told_blocklisted_, true);
    if (pending_.empty()) changed_.notify_all();
  }
  if (tell)
    log::error(
        "storage: this client was blocklisted in the Ceph cluster, and nothing can be stored until "
        "the server is restarted");
  library().aio_release(pending.completion);
  if (answer.code > 0) answer.code = 0;
  own->done(answer);
}

async::Task<Answer> Connection::write(Pool pool, std::string object, WriteOp op, Room room) {
  // Without FULL_TRY, a write to a full cluster would hang instead of failing.
  const int flags =
      LIBRADOS_OPERATION_FULL_TRY | (room == Room::ask ? 0 : LIBRADOS_OPERATION_FULL_FORCE);
  co_return co_await async::callback<Answer>([&](auto done) {
    start(pool, kWritePatience, done, [&](rados_ioctx_t io, rados_completion_t completion) {
      return library().aio_write_op_operate(op.native(), io, completion, object.c_str(), nullptr,
                                            flags);
    });
  });
}

async::Task<Answer> Connection::read(Pool pool, std::string object, ReadOp& op) {
  co_return co_await async::callback<Answer>([&](auto done) {
    start(pool, kReadPatience, done, [&](rados_ioctx_t io, rados_completion_t completion) {
      return library().aio_read_op_operate(op.native(), io, completion, object.c_str(), 0);
    });
  });
}

async::Task<Answer> Connection::notify(std::string object, std::string message,
                                       std::chrono::milliseconds longest) {
  char* reply = nullptr;
  std::size_t size = 0;
  const Answer answer = co_await async::callback<Answer>([&](auto done) {
    start(Pool::rows, kWritePatience, done, [&](rados_ioctx_t io, rados_completion_t completion) {
      return library().aio_notify(io, object.c_str(), completion, message.data(),
                                  static_cast<int>(message.size()),
                                  static_cast<std::uint64_t>(longest.count()), &reply, &size);
    });
  });
  if (reply != nullptr) library().buffer_free(reply);
  co_return answer;
}

async::Task<Answer> Connection::watch(std::string object, std::uint64_t& handle, WatchCalls calls,
                                      std::chrono::seconds timeout) {
  co_return co_await async::callback<Answer>([&](auto done) {
    start(Pool::rows, kWritePatience, done, [&](rados_ioctx_t io, rados_completion_t completion) {
      return library().aio_watch2(io, object.c_str(), completion, &handle, calls.called,
                                  calls.failed, static_cast<std::uint32_t>(timeout.count()),
                                  calls.argument);
    });
  });
}

async::Task<Answer> Connection::unwatch(std::uint64_t handle) {
  co_return co_await async::callback<Answer>([&](auto done) {
    start(Pool::rows, kWritePatience, done, [&](rados_ioctx_t io, rados_completion_t completion) {
      return library().aio_unwatch(io, handle, completion);
    });
  });
}

void Connection::hurry(Clock::duration after) {
  const MutexLock lock(mutex_);
  last_moment_ = Clock::now() + after;
}

void Connection::watch_deadlines() {
  constexpr std::chrono::milliseconds kEach{200};
  MutexLock lock(mutex_);
  while (!stopping_) {
    changed_.wait_until(mutex_, Clock::now() + kEach);
    const auto now = Clock::now();
    for (Pending* pending : pending_) {
      if (pending->given_up || now < std::min(pending->until, last_moment_)) continue;
      // The answer comes on a thread of librados. One that is not sent yet is tried again.
      pending->given_up = library().aio_cancel(native(pending->pool), pending->completion) == 0 ||
                          pending->given_up;
    }
  }
}

Status Connection::list(Pool pool, const std::function<bool(std::string_view)>& visit) {
  rados_list_ctx_t listing = nullptr;
  if (const int code = library().nobjects_list_open(native(pool), &listing); code < 0)
    return std::unexpected(error_of(code, "listing the objects"));
  int code = 0;
  for (;;) {
    const char* name = nullptr;
    code = library().nobjects_list_next(listing, &name, nullptr, nullptr);
    if (code < 0 || !visit(name)) break;
  }
  library().nobjects_list_close(listing);
  if (code < 0 && code != -ENOENT) return std::unexpected(error_of(code, "listing the objects"));
  return {};
}

Connection::~Connection() {
  {
    MutexLock lock(mutex_);
    while (!pending_.empty()) changed_.wait(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (deadlines_.joinable()) deadlines_.join();
  if (rows_ != nullptr) library().ioctx_destroy(rows_);
  if (blobs_ != nullptr) library().ioctx_destroy(blobs_);
  if (cluster_ != nullptr) library().shutdown(cluster_);
}

namespace {

Status refused_to_connect(int code, const RadosOptions& options) {
  switch (-code) {
    case EACCES:
    case EPERM:
      return fail(
          ErrorKind::no_permission,
          fmt::format("the Ceph cluster refuses the user client.{}: its keyring has another "
                      "key than the cluster, or the cluster does not know the user (see "
                      "'ceph auth get client.{}')",
                      options.user, options.user),
          text_of(code));
    case ETIMEDOUT:
      return fail(ErrorKind::unavailable,
                  fmt::format("no monitor of the Ceph cluster of '{}' answers", options.conf),
                  text_of(code));
    case ENOENT:
    case ENOTSUP:
    case EINVAL:
      return fail(ErrorKind::no_permission,
                  fmt::format("there is no readable keyring for client.{}: it is looked for where "
                              "'{}' says, else in /etc/ceph/ceph.client.{}.keyring",
                              options.user, options.conf, options.user),
                  text_of(code));
    default:
      return fail(ErrorKind::unavailable,
                  fmt::format("the Ceph cluster of '{}' cannot be reached", options.conf),
                  text_of(code));
  }
}

}  // namespace

Status Connection::connect(const RadosOptions& options) {
  const std::string name = "client." + options.user;
  if (const int code = library().create2(&cluster_, "ceph", name.c_str(), 0); code < 0)
    return fail(ErrorKind::io, "librados cannot be started", text_of(code));
  if (const int code = library().conf_read_file(cluster_, options.conf.c_str()); code < 0)
    return fail(
        ErrorKind::not_found,
        fmt::format("Ceph's configuration '{}' (storage.rados.conf) cannot be read", options.conf),
        text_of(code));
  // The limit of operations under way would block whoever begins one more. A limit of time would
  // leave it unknown what became of a write.
  static constexpr std::array<std::pair<const char*, const char*>, 5> kSettings{
      {{"client_mount_timeout", "15"},
       {"objecter_inflight_ops", "1000000"},
       {"objecter_inflight_op_bytes", "8589934592"},
       {"rados_osd_op_timeout", "0"},
       {"rados_mon_op_timeout", "0"}}};
  for (const auto& [key, value] : kSettings) library().conf_set(cluster_, key, value);
  if (const int code = library().connect(cluster_); code < 0) {
    library().shutdown(std::exchange(cluster_, nullptr));
    return refused_to_connect(code, options);
  }
  const std::string& blobs = options.body_pool.empty() ? options.pool : options.body_pool;
  for (const auto& [pool, key, io] : {std::tuple(&options.pool, "storage.rados.pool", &rows_),
                                      std::tuple(&blobs, "storage.rados.body_pool", &blobs_)}) {
    if (const int code = library().ioctx_create(cluster_, pool->c_str(), io); code < 0)
      return fail(
          code == -ENOENT ? ErrorKind::not_found : ErrorKind::io,
          code == -ENOENT
              ? fmt::format(
                    "there is no pool '{}' ({}) in the Ceph cluster: make it with 'ceph osd "
                    "pool create {}', as docs/clustering.md describes",
                    *pool, key, *pool)
              : fmt::format("the pool '{}' ({}) cannot be used", *pool, key),
          text_of(code));
    library().ioctx_set_namespace(*io, options.name_space.c_str());
  }
  deadlines_ = std::thread([this] { watch_deadlines(); });
  return {};
}

Result<std::unique_ptr<Connection>> Connection::open(const RadosOptions& options) {
  if (Status loaded = load_library(); !loaded) return pass(loaded);
  std::unique_ptr<Connection> connection(new Connection);
  if (Status connected = connection->connect(options); !connected) return pass(connected);
  return connection;
}

}  // namespace posthorn::engine::rados
