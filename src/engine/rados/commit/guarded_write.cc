#include "engine/rados/commit/guarded_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/log.h"
#include "engine/limits.h"
#include "engine/rados/reads.h"

namespace posthorn::engine::rados {
namespace {

std::uint64_t random_number() {
  const PartitionId random = random_partition_id();
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | random.bytes[i];
  return number;
}

/// Whether a code of a write means that it was looked at and refused, so that it never takes
/// effect.
bool is_refusal(int code) {
  switch (-code) {
    case ENOSPC:
    case EDQUOT:
    case EPERM:
    case EACCES:
    case EMSGSIZE:
    case EFBIG:
    case EINVAL:
    case EOPNOTSUPP:
    case ENAMETOOLONG: return true;
    default: return false;
  }
}

Error unknown_outcome(int code, const std::string& object) {
  Error error = error_of(code, fmt::format("writing '{}'", object));
  error.kind = ErrorKind::io;  // Not unavailable: it may be stored.
  return error;
}

/// One batch of commits, and the header that it makes of another.
class GuardedWrite {
 public:
  GuardedWrite(Connection& connection, PartitionId partition, std::vector<const Commit*> commits,
               Header from)
      : connection_(connection),
        partition_(partition),
        object_(partition_object(partition)),
        commits_(std::move(commits)),
        from_(std::move(from)),
        first_revision_(from_.version.revision + 1),
        version_(from_.version) {
    for (const Commit* commit : commits_) {
      ids_.insert(ids_.begin(), random_number());
      version_ = version_.after(commit->advance);
    }
  }

  async::Task<Written> run() {
    constexpr int kMaxAttempts = 30;
    for (int attempt = 0;; ++attempt) {
      const Header next = next_header();
      const Answer answer = co_await connection_.write(Pool::rows, object_, operation(next));
      if (answer.code == 0) {
        // What was given up can never take effect any more.
        if (taking_place_) co_return Written{conflict_at(next.version), next};
        co_return Written{{}, next};
      }
      if (is_refusal(answer.code) && !taking_place_)
        co_return Written{
            std::unexpected(error_of(answer.code, fmt::format("writing '{}'", object_))), from_};
      // Somebody was faster; or Ceph has forgotten that it was this one; or nobody knows.
      auto now = co_await read_header(connection_, partition_);
      if (!now || attempt == kMaxAttempts)
        co_return Written{std::unexpected(unknown_outcome(answer.code, object_)), std::nullopt};
      if (now->version.revision >= first_revision_) co_return Written{judge(*now), std::move(*now)};
      // The rows are still right. If the write may still be under way, nothing may be sent again
      // that it could come after.
      taking_place_ = taking_place_ || answer.code != -ECANCELED;
      from_ = std::move(*now);
    }
  }

 private:
  [[nodiscard]] Header next_header() const {
    Header next = from_;
    if (taking_place_) {
      next.bump = random_number();
      return next;
    }
    next.version = version_;
    next.ids.insert(next.ids.begin(), ids_.begin(), ids_.end());
    next.ids.resize(std::min(next.ids.size(), Header::kIds));
    return next;
  }

  [[nodiscard]] WriteOp operation(const Header& next) const {
    WriteOp op;
    op.create(false).compare_row(kHeaderRow, from_.encode());
    std::vector<const Edit*> edits;
    if (!taking_place_)
      for (const Commit* commit : commits_)
        for (const Edit& edit : commit->edits) edits.push_back(&edit);
    add_edits(op, edits, {{std::string(kHeaderRow), next.encode()}});
    if (!taking_place_) ask_for_room(op);
    return op;
  }

  /// A full cluster refuses what adds objects or bytes to them, and does not count rows. Bodies in
  /// rows would fill it to the last block, and then it cannot even remove. So a commit with new
  /// mail adds an octet to the object as well. Nothing reads these octets; packing removes them.
  void ask_for_room(WriteOp& op) const {
    if (std::ranges::any_of(commits_, [](const Commit* c) { return c->carry.new_mail; })) {
      op.append("+");
    } else if (version_.layout == version_.revision) {
      op.truncate();
    }
  }

  /// What a header of this or a later revision says of the write.
  [[nodiscard]] Status judge(const Header& now) const {
    const auto maker = now.maker_of(first_revision_);
    if (maker && *maker == ids_.back()) return {};
    if (maker) return conflict_at(now.version);
    log::error("storage: nobody can tell any more whether a change of partition {} was stored",
               to_hex(partition_));
    return fail(ErrorKind::io, "it is not known whether a change was stored");
  }

  Connection& connection_;
  const PartitionId partition_;
  const std::string object_;
  const std::vector<const Commit*> commits_;
  Header from_;
  const std::uint64_t first_revision_;
  PartitionVersion version_;        ///< After all of the commits.
  std::vector<std::uint64_t> ids_;  ///< The number of each commit, the last one first.
  bool taking_place_ = false;
};

}  // namespace

async::Task<Written> write_guarded(Connection& connection, PartitionId partition,
                                   std::vector<const Commit*> commits, Header from) {
  GuardedWrite write(connection, partition, std::move(commits), std::move(from));
  co_return co_await write.run();
}

void add_edits(WriteOp& op, const std::vector<const Edit*>& edits, std::vector<Row> rows) {
  std::map<std::string_view, const Edit*> last;
  for (const Edit* edit : edits) last[edit->key] = edit;
  std::vector<std::string> removed;
  for (const auto& [key, edit] : last) {
    if (edit->value) {
      rows.push_back({row_name(key), *edit->value});
    } else {
      removed.push_back(row_name(key));
    }
  }
  op.set_rows(rows).remove_rows(removed);
}

}  // namespace posthorn::engine::rados
