#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "store/change/change.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// What a Change has done to one mailbox so far, beside its draft of the new version.
struct Change::Touched {
  explicit Touched(const Mailbox& from) : now(from) {}

  struct Reflagged {
    Uid uid;
    FlagState before;
    FlagState after;
  };

  Mailbox now;
  std::shared_ptr<KeywordTable> own_keywords;  ///< Set once a keyword was added.
  std::vector<std::pair<Member, FlagState>> appended;
  std::vector<Reflagged> reflagged;
  std::vector<std::pair<Member, FlagState>> expunged;
  bool created = false;
  bool deleted = false;
  bool renamed = false;  ///< Name or special-use changed.
  bool rebuilt = false;  ///< Its head is written, though no message changed.
  bool rewritten = false;          ///< All rows are written anew as well.
  std::vector<Seq> flag_changes;  ///< Records that go, as they cannot be read.

  [[nodiscard]] bool messages_changed() const {
    return !appended.empty() || !reflagged.empty() || !expunged.empty();
  }
};

}  // namespace posthorn::store
