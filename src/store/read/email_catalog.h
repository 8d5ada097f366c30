#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "base/shared_value.h"
#include "engine/engine.h"
#include "store/format/codec.h"
#include "store/value/email.h"

namespace posthorn::store {

/// Where an account's stored messages are: packed groups in ordinal order, and a row each for those
/// after the last group.
class EmailCatalog {
 public:
  using Groups = std::vector<GroupRef>;
  static constexpr std::size_t kGroupSize = 256;

  EmailCatalog(engine::Engine& engine, const PartitionId& partition);

  /// The groups if they are known.
  [[nodiscard]] std::shared_ptr<const Groups> known() const { return groups_.load(); }
  /// Reads them if they are not known, or `again`. May block.
  Result<std::shared_ptr<const Groups>> load(bool again = false);
  static const GroupRef* find(const Groups& groups, Ordinal ordinal);

  /// The row of a message that is in no group. May block. Errors: not_found, corrupt, io.
  Result<EmailRecord> read_row(Ordinal ordinal);
  /// What such a row's value stands for, be it in the row or in a page. May block. Errors: as
  /// read_row().
  Result<EmailRecord> decode_row(std::string_view value);
  /// A group behind the last, just made durable.
  void add(const GroupRef& group);
  /// Forgets what load() read; the next reads again.
  void forget() { groups_.store(nullptr); }

  /// The group that begins with `first` has digests that are not to be believed: it is to be
  /// written anew. Kept in memory only: whoever reads the group next says so again.
  void note_stale(Ordinal first);
  [[nodiscard]] std::optional<Ordinal> stale() const;
  void clear_stale(Ordinal first);

 private:
  engine::Engine& engine_;
  const PartitionId partition_;
  std::mutex loading_;
  mutable std::mutex stale_mutex_;
  std::set<Ordinal> stale_;
  SharedValue<Groups> groups_;
};

}  // namespace posthorn::store
