#pragma once

#include <functional>
#include <string>

#include "store/filter/filter_catalog.h"
#include "store/read/email_reader.h"
#include "store/upkeep/check.h"
#include "store/upkeep/sign_messages.h"

namespace posthorn::store {

/// Verifies the search filters of an account: they can be read, and with CheckDepth::hashed each
/// message has the signature that its text gives. A filter that fails is not used any more, and a
/// running server makes it again. Blocks.
class FilterCheck {
 public:
  FilterCheck(AccountPtr account, CheckDepth depth)
      : account_(account), depth_(depth), reader_(account), signer_(std::move(account)) {}

  /// Reports what is wrong, one sentence for each filter.
  void run(const std::function<void(const std::string&)>& find);

 private:
  Status check(const FilterRef& ref);
  bool is_replaced(const FilterRef& ref);
  /// Returns how many of the messages have another signature than their text gives. What cannot be
  /// read is left to MessageCheck.
  std::size_t count_wrong(std::span<const SignedMessage> messages, bool with_attachments);
  /// Verifies that the text of attachments can be read. Returns whether some cannot.
  bool check_texts(const std::function<void(const std::string&)>& find);

  AccountPtr account_;
  const CheckDepth depth_;
  EmailReader reader_;
  MessageSigner signer_;
};

}  // namespace posthorn::store
