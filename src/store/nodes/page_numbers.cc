#include "store/nodes/page_numbers.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "async/offload.h"
#include "base/bytes.h"
#include "engine/engine.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"

namespace posthorn::store {
namespace {

constexpr std::uint64_t kNumbersOfAWriter = std::uint64_t{1} << 32U;
/// More than any one change needs.
constexpr std::size_t kSpare = 1U << 22;

/// The row of the system partition: the next writer, and the epoch that it is level with.
struct Writers {
  std::uint64_t next = PageNumbers::kFirstWriter;
  std::uint64_t epoch = 0;
};

Result<Writers> decode_writers(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  Writers writers;
  writers.next = r.varint();
  writers.epoch = r.varint();
  if (!r.ok() || writers.next < PageNumbers::kFirstWriter)
    return fail(ErrorKind::corrupt, "the number of the next writer cannot be read");
  return writers;
}

std::string encode_writers(const Writers& writers) {
  std::string out;
  ByteWriter w(out);
  w.varint(writers.next);
  w.varint(writers.epoch);
  return seal(out);
}

}  // namespace

PageNumber PageNumbers::take(std::size_t count) {
  const MutexLock lock(mutex_);
  if (left_ < count) return PageNumber(0);
  const PageNumber first = next_;
  next_.value += count;
  left_ -= count;
  return first;
}

bool PageNumbers::are_left(std::size_t count) {
  const MutexLock lock(mutex_);
  return left_ >= count;
}

Status PageNumbers::become_writer() {
  std::uint64_t mine = 0;
  const std::string key(keys::kWriters);
  Status done =
      edit_row(engine_, system_partition(), key,
               [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
                 Writers writers{PageNumbers::kFirstWriter, engine_.epoch()};
                 if (row) {
                   auto known = decode_writers(*row);
                   if (!known) return pass(known);
                   writers.next = known->next;
                   // The changes by which others became writers may be lost while their pages are
                   // still there.
                   if (known->epoch < writers.epoch) writers.next += kJump;
                   writers.epoch = std::max(writers.epoch, known->epoch);
                 }
                 if (writers.next > std::numeric_limits<std::uint32_t>::max())
                   return fail(ErrorKind::limit, "The store has no number left for another writer");
                 mine = writers.next++;
                 return std::vector<engine::Edit>{{key, encode_writers(writers)}};
               });
  if (!done) return done;
  const MutexLock lock(mutex_);
  next_ = PageNumber(mine << 32U);
  left_ = kNumbersOfAWriter;
  return {};
}

async::Task<Status> PageNumbers::prepare(async::OffloadPool& pool) {
  if (are_left(kSpare)) co_return Status{};
  const auto turn = co_await turns_.take();
  if (are_left(kSpare)) co_return Status{};
  co_return co_await async::offload(pool, [this] { return become_writer(); });
}

}  // namespace posthorn::store
