#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "store/removed/removal_history.h"
#include "store/removed/removal_numbers.h"
#include "store/removed/removed_mailbox.h"

/// How the mailbox of removed messages is computed.
namespace posthorn::store {

/// The mailbox at one state of the account, and the removals from which the next one is computed.
struct RemovedMailbox::View {
  /// A removal, shown or not.
  struct Entry {
    Uid uid;
    RemovedRow removed;
  };

  RemovalNumbers numbers;      ///< At the state's change: all removals up to there are known.
  std::vector<Entry> entries;  ///< By UID.
  std::map<MailboxId, DeletedMailbox> deleted;  ///< Those that entries come from.
  Seq content_horizon;                          ///< Up to here, content may be gone.
  std::int64_t saved = 0;  ///< When `numbers` were last saved, in seconds since 1970; 0: not yet.
  MailboxPtr mailbox;      ///< Null until it is computed.
  /// The time of the oldest removal that is shown.
  std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
};

/// Computes views, each from the one before.
class RemovedMailbox::Builder {
 public:
  /// What the account's partition says at the moment.
  struct Horizon {
    Seq log;      ///< The last change whose log was dropped, or from before numbers jumped.
    Seq content;  ///< The last change whose removed content may have been dropped.
    friend bool operator==(const Horizon&, const Horizon&) = default;
  };
  static async::Task<Result<Horizon>> read_horizon(engine::Engine& engine, PartitionId id,
                                                   ModSeq floor);

  /// Returns the removals up to `last`. Takes those that `before` knows, unless it is null or no
  /// longer of use, and reads the others. `now` is the time in seconds since 1970. Decodes in
  /// place.
  static async::Task<Result<View>> read(engine::Engine& engine, PartitionId id, const View* before,
                                        Horizon horizon, Seq last, std::int64_t now);

  /// `before` is the last view that sessions may have seen; null if there is none.
  Builder(View& view, const View* before, const AccountState& state);
  /// Computes the view's mailbox, of what was removed at `cutoff` or later (seconds since 1970).
  /// Requires: the contents of the state's mailboxes, as far as they can be read.
  void show(const std::string& name, std::int64_t cutoff);
  /// The mailbox without messages and contents.
  static Mailbox empty(const AccountState& state, const RemovalNumbers& numbers, std::string name);

 private:
  using Entry = View::Entry;
  [[nodiscard]] std::vector<const Entry*> choose(std::int64_t cutoff) const;
  [[nodiscard]] bool has_disappeared(Uid uid) const;
  [[nodiscard]] std::shared_ptr<const Contents> contents_of(const std::vector<const Entry*>& shown,
                                                            KeywordTable& keywords) const;
  void append(TreeEditor& editor, const Entry& entry, KeywordTable& keywords) const;
  [[nodiscard]] std::vector<std::uint16_t> keywords_of(const RemovedRow& removed,
                                                       KeywordTable& keywords) const;

  View& view_;
  const AccountState& state_;
  MailboxPtr before_;  ///< Null also if its UIDs do not go on.
};

}  // namespace posthorn::store
