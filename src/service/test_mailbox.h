#pragma once

#include <algorithm>
#include <vector>

#include "store/value/mailbox.h"

namespace posthorn::service::testing {

/// A mailbox built version by version. Each step is one change and gets the next MODSEQ.
class TestMailbox {
 public:
  TestMailbox() {
    mailbox_.keywords = std::make_shared<store::KeywordTable>();
    mailbox_.contents = std::make_shared<store::Contents>();
    mailbox_.head.highest_modseq = ModSeq(1);
  }
  [[nodiscard]] const store::Mailbox& now() const { return mailbox_; }
  [[nodiscard]] store::FlagsView flags() const { return {mailbox_, store::Actor::upkeep(), {}}; }

  void append(std::uint32_t count = 1) {
    const ModSeq modseq = next();
    store::TreeEditor editor(*mailbox_.contents);
    for (std::uint32_t i = 0; i < count; ++i) {
      const Uid uid = mailbox_.head.uid_next;
      editor.append({uid, Ordinal(uid.value), 100, {}, 0}, {modseq, 0, 0});
      ++mailbox_.head.uid_next;
    }
    finish(std::move(editor));
  }
  void expunge(const std::vector<std::uint32_t>& uids) {
    next();
    std::vector<std::uint32_t> positions;
    for (const std::uint32_t uid : uids) {
      positions.push_back(*mailbox_.contents->members().position_of(Uid(uid)));
    }
    store::TreeEditor editor(*mailbox_.contents);
    editor.expunge(positions);
    finish(std::move(editor));
  }
  ModSeq set_flags(std::uint32_t uid, SystemFlags flags) {
    const ModSeq modseq = next();
    store::TreeEditor editor(*mailbox_.contents);
    editor.set_flags(*mailbox_.contents->members().position_of(Uid(uid)), {modseq, flags, 0});
    finish(std::move(editor));
    return modseq;
  }

 private:
  ModSeq next() {
    ++mailbox_.head.highest_modseq;
    return mailbox_.head.highest_modseq;
  }
  void finish(store::TreeEditor editor) {
    before_ = mailbox_.contents;  // The base of an editor must outlive it.
    mailbox_.contents = std::make_shared<store::Contents>(std::move(editor).finish());
  }
  store::Mailbox mailbox_;
  std::shared_ptr<const store::Contents> before_;
};

}  // namespace posthorn::service::testing
