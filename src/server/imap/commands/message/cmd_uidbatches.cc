#include <algorithm>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

constexpr std::uint32_t kSmallestBatch = 500;  ///< RFC 10022 lets no client ask for less.
constexpr std::uint64_t kLongestSpan = 100'000;
/// Without a range, more batches than this are not returned: it bounds the response.
constexpr std::uint64_t kMostBatches = 20'000;

/// The batches `first` to `last`, counted from the newest messages, as far as they exist. The
/// ranges of all batches together are every UID up to the highest; the last one ends with 1, by
/// which a client sees that it is the last.
std::vector<wi::UidBatch> batches_of(const service::Membership& told, std::uint64_t size,
                                     std::uint64_t first, std::uint64_t last) {
  std::vector<wi::UidBatch> batches;
  const std::uint64_t count = told.count();
  for (std::uint64_t k = first; k <= last && (k - 1) * size < count; ++k) {
    const std::uint64_t end = count - (k - 1) * size;  // Positions [begin, end).
    const std::uint64_t begin = end > size ? end - size : 0;
    const auto uid_at = [&](std::uint64_t position) {
      return told.uid_at(static_cast<std::uint32_t>(position));
    };
    const Uid high = end == count ? told.last_uid() : Uid(uid_at(end).value - 1);
    batches.push_back({high, begin == 0 ? Uid(1) : uid_at(begin)});
  }
  return batches;
}

}  // namespace

// RFC 10022. The batches are those of the messages that the client was told of. A repetition is
// answered like the first time, since that costs less than to know that it is one.
CommandTask cmd_uidbatches(Session& session, wi::UidBatchesCommand& command) {
  const service::Membership& told = session.selected->told();
  const std::uint64_t size = command.size;
  std::uint64_t first = 1;
  std::uint64_t last = (told.count() + size - 1) / size;
  if (command.range) {
    first = command.range->first;
    last = command.range->last;
    if (first > last) {
      co_return Reply::bad("The first batch is after the last one", wi::CodeName::client_bug);
    }
  }
  if (size < kSmallestBatch) {
    co_return Reply::no("A batch must have at least 500 messages", wi::CodeName::too_few);
  }
  const std::uint64_t most = command.range ? kLongestSpan / size : kMostBatches;
  // The newest batch is given whatever its size: its range costs the same.
  if (last - first + 1 > std::max<std::uint64_t>(most, 1)) {
    co_return Reply::no("Too many messages at once; ask for fewer batches", wi::CodeName::too_many);
  }
  auto w = session.writer();
  wi::format_uid_batches(w, session.tag, batches_of(told, size, first, last));
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
