#include "engine/rados/claim.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "async/wait.h"
#include "engine/rados/pages.h"

namespace posthorn::engine::rados {
namespace {

constexpr const char* kFormatRow = "format";
constexpr const char* kIdRow = "id";

/// What the store's object says of it.
struct Found {
  std::string format;
  std::string id;
};

class Claim {
 public:
  Claim(Connection& connection, const RadosOptions& options)
      : connection_(connection),
        options_(options),
        body_pool_(options.body_pool.empty() ? options.pool : options.body_pool) {}

  Status run() {
    auto found = read();
    if (!found) return pass(found);
    if (!*found) {
      if (options_.if_absent == IfAbsent::refuse)
        return fail(ErrorKind::not_found,
                    fmt::format("there is no store in the namespace '{}' of the pool '{}'",
                                options_.name_space, options_.pool));
      if (Status made = make(); !made) return made;
      found = read();
      if (!found) return pass(found);
      if (!*found) return fail(ErrorKind::corrupt, "a store that was just made is not there");
    }
    return check(**found);
  }

 private:
  Error failed(int code, const std::string& pool) const {
    if (code == -EPERM || code == -EACCES)
      return {
          ErrorKind::no_permission,
          fmt::format("client.{} may not use the pool '{}' as needed: it needs the capabilities "
                      "mon 'allow r' and osd 'allow rwx pool={}'",
                      options_.user, pool, pool),
          error_of(code, "opening the store").cause};
    if (code == -EOPNOTSUPP)
      return {ErrorKind::not_supported,
              fmt::format("the pool '{}' (storage.rados.pool) is erasure-coded: it must be "
                          "replicated; only storage.rados.body_pool may be erasure-coded",
                          pool),
              error_of(code, "opening the store").cause};
    return error_of(code, "opening the store");
  }

  Result<std::optional<Found>> read() {
    ReadOp op;
    op.rows({kFormatRow, kIdRow});
    const Answer answer = async::wait(connection_.read(Pool::rows, kStoreObject, op));
    if (answer.code == -ENOENT) return std::nullopt;
    if (answer.code < 0) return std::unexpected(failed(answer.code, options_.pool));
    Found found;
    for (const Row& row : op.take_rows())
      (row.key == kFormatRow ? found.format : found.id) = row.value;
    if (found.format.empty() && found.id.empty()) return std::nullopt;
    return found;
  }

  /// Errors: bad_argument if there are objects that are not of a store that is being made.
  Status check_empty(Pool pool, const std::string& name) {
    std::string other;
    Status listed = connection_.list(pool, [&](std::string_view object) {
      if (object == kStoreObject) return true;
      other = object;
      return false;
    });
    if (!listed) return listed;
    if (other.empty()) return {};
    return fail(
        ErrorKind::bad_argument,
        fmt::format("the namespace '{}' of the pool '{}' has objects of another program, or "
                    "the rest of a store, such as '{}': choose another "
                    "storage.rados.namespace",
                    options_.name_space, name, other.substr(0, 60)));
  }

  Result<std::optional<std::string>> id_beside_bodies() {
    auto id = async::wait(read_blob(connection_, Pool::blobs, kStoreObject, "no store"));
    if (id) return std::optional(std::move(*id));
    if (id.error().kind == ErrorKind::not_found) return std::nullopt;
    return pass(id);
  }

  /// First beside the bodies: a store is there once its object in the other pool is.
  Status make() {
    if (Status empty = check_empty(Pool::rows, options_.pool); !empty) return empty;
    if (Status empty = check_empty(Pool::blobs, body_pool_); !empty) return empty;
    auto id = id_beside_bodies();
    if (!id) return pass(id);
    if (!*id || (*id)->empty()) {
      *id = to_hex(random_partition_id());
      WriteOp op;
      op.write_full(**id);
      const Answer answer =
          async::wait(connection_.write(Pool::blobs, kStoreObject, std::move(op)));
      if (answer.code < 0) return std::unexpected(failed(answer.code, body_pool_));
      // Another node may be making it too: whoever wrote last counts.
      id = id_beside_bodies();
      if (!id) return pass(id);
      if (!*id) return fail(ErrorKind::io, "the store cannot be made");
    }
    WriteOp op;
    op.create(false).compare_row(kFormatRow, "");
    op.set_rows({{kFormatRow, std::to_string(kFormat)}, {kIdRow, **id}});
    const Answer answer = async::wait(connection_.write(Pool::rows, kStoreObject, std::move(op)));
    if (answer.code < 0 && answer.code != -ECANCELED)
      return std::unexpected(failed(answer.code, options_.pool));
    return {};
  }

  Status check(const Found& found) {
    std::uint32_t format = 0;
    const char* end = found.format.data() + found.format.size();
    const auto [stop, error] = std::from_chars(found.format.data(), end, format);
    if (error != std::errc() || stop != end || format == 0)
      return fail(
          ErrorKind::corrupt,
          fmt::format("the object '{}' in the pool '{}' is damaged: its row '{}' is no number",
                      kStoreObject, options_.pool, kFormatRow));
    if (format > kFormat)
      return fail(
          ErrorKind::not_supported,
          fmt::format("the store was written by a newer version of Posthorn (format {}; this "
                      "one knows {})",
                      format, kFormat));
    const auto id = id_beside_bodies();
    if (!id) return std::unexpected(id.error());
    if (!*id || **id != found.id)
      return fail(
          ErrorKind::bad_argument,
          fmt::format("the pool '{}' (storage.rados.body_pool) is not the one that the store "
                      "in '{}' was made with",
                      body_pool_, options_.pool));
    // Shows whether this user may write, too. If the comparison fails, another node did the same.
    WriteOp op;
    op.compare_row(kFormatRow, found.format).set_row(kFormatRow, std::to_string(kFormat));
    const Answer answer = async::wait(connection_.write(Pool::rows, kStoreObject, std::move(op)));
    if (answer.code < 0 && answer.code != -ECANCELED)
      return std::unexpected(failed(answer.code, options_.pool));
    return {};
  }

  Connection& connection_;
  const RadosOptions& options_;
  const std::string body_pool_;
};

}  // namespace

Status claim(Connection& connection, const RadosOptions& options) {
  return Claim(connection, options).run();
}

}  // namespace posthorn::engine::rados
