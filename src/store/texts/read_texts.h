#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "store/account.h"
#include "store/format/group_page.h"
#include "store/texts/texts_catalog.h"

namespace posthorn::store {

/// Separates the texts of a message's documents. The texts themselves have none.
inline constexpr char kBetweenDocuments = '\n';

/// Reads the page of a range, from memory if it is there. Blocks. Errors: not_found, corrupt, io.
Result<std::shared_ptr<const GroupPage>> read_texts_page(Account& account, const TextsRef& ref);

/// Gives the text of attachments, message by message. Used by one thread at a time.
class TextsReader {
 public:
  explicit TextsReader(AccountPtr account) : account_(std::move(account)) {}

  /// Returns the text of a message's documents, with kBetweenDocuments between two; empty if it has
  /// none, or if it has not been made yet, or is damaged (then it will be made again). Valid until
  /// the next call. May block. Errors: io.
  Result<std::string_view> get(Ordinal ordinal);

 private:
  AccountPtr account_;
  TextsRef ref_;  ///< Whose page it is.
  std::shared_ptr<const GroupPage> page_;
};

}  // namespace posthorn::store
