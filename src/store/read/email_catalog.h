#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "async/task.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "engine/engine.h"
#include "store/filter/filter_catalog.h"
#include "store/format/codec.h"
#include "store/texts/texts_catalog.h"
#include "store/value/email.h"

namespace posthorn::store {

/// The location of an account's stored messages: packed groups in ordinal order, and one row for
/// each message after the last group.
class EmailCatalog {
 public:
  using Groups = std::vector<GroupRef>;
  static constexpr std::size_t kGroupSize = 256;

  EmailCatalog(engine::Engine& engine, const PartitionId& partition);

  /// Returns the groups if they are loaded, else null.
  [[nodiscard]] std::shared_ptr<const Groups> known() const { return groups_.load(); }
  /// Loads the groups if they are not loaded, or if `again` is true.
  async::Task<Result<std::shared_ptr<const Groups>>> load(bool again = false);
  static const GroupRef* find(const Groups& groups, Ordinal ordinal);

  /// Reads messages that are in no group, in the order asked. Errors of a message: not_found,
  /// corrupt, io.
  async::Task<std::vector<Result<EmailRecord>>> read_rows(std::vector<Ordinal> ordinals);
  /// Decodes the value of such a row; the record is in the row or in a page. Errors: as
  /// read_rows().
  async::Task<Result<EmailRecord>> decode_row(std::string value);
  /// Adds a group after the last one; it must be durable.
  void add(const GroupRef& group);
  /// Discards what load() read; the next call reads it again.
  void forget();

  /// The search filters of the groups.
  [[nodiscard]] FilterCatalog& filters() { return filters_; }
  /// The text of attachments of the groups.
  [[nodiscard]] TextsCatalog& texts() { return texts_; }

  /// Records that the group that begins with `first` has outdated or damaged digests and must be
  /// rewritten. Kept in memory only; the next reader of the group reports it again.
  void note_stale(Ordinal first);
  [[nodiscard]] std::optional<Ordinal> stale() const;
  void clear_stale(Ordinal first);

 private:
  engine::Engine& engine_;
  const PartitionId partition_;
  Mutex mutex_;  ///< Must be held to replace groups_.
  /// How often add() and forget() were called.
  std::uint64_t changes_ POSTHORN_GUARDED_BY(mutex_) = 0;
  mutable Mutex stale_mutex_;
  std::set<Ordinal> stale_ POSTHORN_GUARDED_BY(stale_mutex_);
  SharedValue<Groups> groups_;
  FilterCatalog filters_;
  TextsCatalog texts_;
};

}  // namespace posthorn::store
