#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/filter/filter_block.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/read/searched_text.h"

namespace posthorn::store {

/// Computes the signature of a message, with the text of its attachments if `attachments_of` names
/// it. `structure` must be a trusted digest. May block. Errors: not_found, corrupt, io.
class MessageSigner {
 public:
  explicit MessageSigner(AccountPtr account) : texts_(std::move(account)) {}
  Result<Signature> sign(std::string_view structure, std::string_view header, std::string_view body,
                         std::optional<Ordinal> attachments_of = {});
  /// Number of octets of text so far.
  [[nodiscard]] std::uint64_t octets() const { return collector_.octets; }

 private:
  struct Collector : TextSink {
    void begin() override { grams.begin(); }
    bool feed(std::string_view folded) override {
      octets += folded.size();
      grams.add(folded);
      return false;
    }
    GramCollector grams;
    std::uint64_t octets = 0;
  };

  SearchedText texts_;
  Collector collector_;
};

/// Signs the messages of a group, in steps of bounded cost. Blocks. A message that cannot be read
/// is left out, and so are all if the group's pages are damaged: a filter says nothing about
/// messages that it does not name.
class GroupSigner {
 public:
  GroupSigner(const AccountPtr& account, bool with_attachments)
      : account_(account), with_attachments_(with_attachments), signer_(account) {}
  /// Reads the group's pages. Errors: io.
  Status open(const GroupRef& group);
  /// Signs the next messages, some megabytes of text. Returns false when all are signed.
  bool step();
  [[nodiscard]] const std::vector<SignedMessage>& messages() const { return messages_; }

 private:
  using Page = std::shared_ptr<const GroupPage>;
  AccountPtr account_;
  const bool with_attachments_;
  std::array<Page, 3> pages_;  ///< Structures, headers, bodies; null if they are damaged.
  MessageSigner signer_;
  std::size_t next_ = 0;
  std::vector<SignedMessage> messages_;
};

}  // namespace posthorn::store
